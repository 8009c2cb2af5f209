import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Delivery } from '#contract/delivery.ts';
import { messageOf, SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { rankOf } from '#kit/rank.ts';
import type { Catalog } from '#contract/catalog.ts';
import { busOf } from './catalog-of.ts';
import { compileTemplate } from '../template/compile-template.ts';
import type { RouteSpec, SpoolSpec } from '../project/pipeline-spec.ts';
import type { Counters } from '../engine/counters.ts';
import type { Route } from '../engine/route.ts';
import { type OpenedStore, openSpoolStore } from '../store/spool/open-spool-store.ts';
import { type Identity, type Pause, SpoolSource } from '../store/spool/spool-source.ts';
import { Reserve } from '../store/reserve.ts';
import { openDatabase } from '../store/sqlite.ts';
import type { Stamps } from '../store/stamps.ts';
import { syncFolder } from '../store/sync-files.ts';
import { WatchedDatabase } from '../store/watched-database.ts';
import type { Health } from '../telemetry/health.ts';
import type { RouteNumbers } from '../telemetry/metrics-text.ts';
import { readsBody } from './wire.ts';

/** A route's spool, from the opening of its file to its closing. */
export interface RouteSpool {
  /** The route as it runs: its source is the spool, and the spool's is the one that it had. Once. */
  standBefore(route: Route): Route;
  /**
   * The pump's counters, and what it has not seen: what lies in the spool is taken over and held, also what an earlier
   * start left there. So the balance of invariant 3 begins at every start with accepted = held.
   */
  counted(
    counters: Counters,
  ): Omit<RouteNumbers, 'pipeline' | 'route' | 'deadLetters' | 'disconnects' | 'notices' | 'losses'>;
  close(): Promise<void>;
}

interface SpoolServices {
  readonly pipeline: string;
  readonly catalog: Catalog;
  readonly stateFolder: string;
  /** The files that were there at an earlier start. */
  readonly stamps: Pick<Stamps, 'has' | 'add'>;
  /** Demand that is kept on the disk for a spool, to be given up where nothing can be written that its messages wait for. */
  readonly share: (reserve: Pick<Reserve, 'release'>) => void;
  readonly log: Log;
  readonly health: Health;
}

/** Servers deliver more than a window says, see invariant 4. */
const OVERRUN = 1024;

const NOTHING: Identity = { lane: undefined, rank: undefined };

/** Undefined where the route has none. Throws STATE_UNUSABLE or STATE_LOCKED. */
export function openRouteSpool(spec: RouteSpec, services: SpoolServices): RouteSpool | undefined {
  if (spec.spool === undefined) return undefined;
  const { store } = opened(spec, spec.spool, services);
  let source: SpoolSource | undefined;
  return {
    standBefore(route) {
      source = new SpoolSource(route.source, store, {
        window: route.window,
        identify: CLASSES[spec.class].keeps === 'all' ? () => NOTHING : identifier(spec, route, services.catalog),
        nowMs: () => route.clock.nowMs(),
        after: (ms, run) => route.clock.after(ms, run),
        onPause: (pause) => tell(spec.name, pause, services),
      });
      return { ...route, source };
    },
    counted(counters) {
      if (source === undefined) return counters;
      const { messages, waiting, superseded, bytes, oldestAtMs, isFull } = source.numbers();
      return {
        ...counters,
        accepted: counters.accepted + waiting + superseded,
        superseded: counters.superseded + superseded,
        held: counters.held + waiting,
        spooled: messages,
        spoolBytes: bytes,
        spoolOldestAgeMs: oldestAtMs === undefined ? 0 : Math.max(0, Date.now() - oldestAtMs),
        spoolIsFull: isFull,
      };
    },
    async close() {
      if (source === undefined) store.close();
      else await source.close();
    },
  };
}

/** The file of a route's spool in a folder that several pipelines may share. */
export function spoolFile(folder: string, pipeline: string, route: string): string {
  return join(folder, `spool-${pipeline}.${route}.sqlite`);
}

function opened(spec: RouteSpec, { at, maxBytes }: SpoolSpec, services: SpoolServices): OpenedStore {
  const { pipeline, stateFolder, stamps, share, log, health } = services;
  // The state folder is this pipeline's own; another folder may be that of several.
  const file = at === undefined ? join(stateFolder, `spool-${spec.name}.sqlite`) : spoolFile(at, pipeline, spec.name);
  if (at !== undefined) makeFolder(at);
  const remembers = spec.from.window.messages + OVERRUN;
  const stamp = at === undefined ? basename(file) : resolve(file);
  const onRewritten = (): void => {
    const text = 'it was removed while it was in use; all that the process held of it is in a new one';
    log.error('state-file-rewritten', { route: spec.name, file, text });
  };
  const settings = { maxBytes, keeps: CLASSES[spec.class].keeps, remembers };
  const room = new Reserve(`${file}-reserve`);
  share(room);
  const made = openSpoolStore(file, openDatabase, settings, {
    wasThere: stamps.has(stamp),
    watch: (path, open) => new WatchedDatabase(path, { open, onRewritten }),
    room,
    syncFolder,
  });
  stamps.add(stamp);
  const { quarantine, store } = made;
  if (quarantine !== undefined) {
    log.error('spool-quarantined', {
      route: spec.name,
      file: quarantine.file,
      saved: quarantine.saved,
      text: `expected ${file} as it was written, found: ${quarantine.flaw}${quarantine.file === undefined ? '' : '; it is set aside, and what could be read of it goes on'}`,
    });
  }
  if (store.messages > 0) log.info('spool-found', { route: spec.name, messages: store.messages });
  health.set(`${spec.name} spool`, true);
  return made;
}

function makeFolder(path: string): void {
  try {
    // One that is there may be that of several: its rights are the operator's affair, the file's own are not.
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw new SluiceError('STATE_UNUSABLE', `expected to make the folder ${path}, found ${messageOf(thrown)}`);
  }
}

function tell(route: string, pause: Pause | undefined, { log, health }: SpoolServices): void {
  health.set(`${route} spool`, pause === undefined, pause?.kind);
  if (pause === undefined) log.info('spool-room', { route });
  else if (pause.kind === 'full') log.warn('spool-full', { route, text: 'the source is not read until there is room' });
  else log.error('spool-unwritable', { route, text: `${pause.text}; the source is not read until it can be written` });
}

/** By what a newer message of class telemetry replaces an older one: key and address, and the sequence where the route names one. */
function identifier(spec: RouteSpec, route: Route, catalog: Catalog): (delivery: Delivery) => Identity {
  const { from } = spec;
  const source = busOf(catalog, from.bus).grammar;
  const sequence =
    from.sequence === undefined
      ? undefined
      : compileTemplate(from.sequence, { route: spec.name, source, target: undefined, missing: 'SEQUENCE_INVALID' });
  const looks = [from.key, from.sequence].some((text) => text !== undefined && readsBody(text));
  return ({ id, frame }) => {
    try {
      const { address, headers, contentType } = frame;
      // Larger ones are refused by the pump, undecoded.
      if (looks && (frame.body?.length ?? 0) > route.maxBodyBytes) return NOTHING;
      const body = looks && frame.body !== null ? route.decoding?.(contentType).decode(frame.body) : undefined;
      const view = { id, address, key: frame.key, headers, body, origin: frame };
      const key = route.key === undefined ? frame.key : route.key(view);
      const rank = sequence === undefined ? undefined : rankOf(sequence({ ...view, key }));
      // What the pump will refuse must not take the place of a good one.
      if (sequence !== undefined && rank === undefined) return NOTHING;
      return { lane: JSON.stringify([key ?? null, address]), rank };
    } catch {
      // The pump will find the same fault, and record it.
      return NOTHING;
    }
  };
}
