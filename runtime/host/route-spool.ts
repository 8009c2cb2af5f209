import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { messageOf, SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import { type ProcessedIds, REMEMBERED_IDS } from '#contract/processed-ids.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Catalog } from '#contract/catalog.ts';
import { compactionKeyOf, NEVER_REPLACED } from './compaction-key.ts';
import type { RouteSpec, SpoolSpec } from '../project/pipeline-spec.ts';
import type { Counters } from '../engine/counters.ts';
import type { Route } from '../engine/route-parts.ts';
import { type OpenedStore, openSpoolStore } from '../store/spool/open-spool-store.ts';
import { type Pause, SpoolSource } from '../store/spool/spool-source.ts';
import type { PipelineState } from '../store/pipeline-state.ts';
import type { ProcessedIdTable } from '../store/processed-id-table.ts';
import { type ProcessedIdBounds, StoredIds, type StoredIdsSettings } from '../store/processed-ids.ts';
import { Reserve } from '../store/reserve.ts';
import { stateError } from '../store/state-error.ts';
import type { StatePace } from '../store/state-pace.ts';
import { openDatabase } from '../store/sqlite.ts';
import type { FileManifest } from '../store/file-manifest.ts';
import { reportText } from '../store/open-state-file.ts';
import { WatchedDatabase } from '../store/watched-database.ts';
import type { Health } from '../telemetry/health.ts';
import type { RouteNumbers, WindowFill } from '../telemetry/route-numbers.ts';

/** A route's spool, from the opening of its file to its closing. */
export interface RouteSpool {
  /** The ids of the route, in the spool's file: a message and its id are one transaction. Throws STATE_UNUSABLE. */
  processedIds(owner: string, bounds: ProcessedIdBounds): ProcessedIds;
  /**
   * The route with the spool as its source; the spool reads the route's own source. Called once, before the route runs. A route
   * that only replays dead letters keeps its source, and stores ids alone.
   */
  attach(route: Route): Route;
  /**
   * The engine's counters, with the messages in the spool that the engine has not read: they count as accepted and held, also
   * those of an earlier process. So the balance of invariant 3 begins at every start with accepted = held.
   */
  counted(counters: Counters, fill: WindowFill): CountedRoute;
  close(): Promise<void>;
}

type CountedRoute = Counters &
  Pick<RouteNumbers, 'window' | 'spooled' | 'spoolBytes' | 'spoolOldestAgeMs' | 'spoolIsFull'>;

interface SpoolServices {
  readonly pipeline: string;
  readonly catalog: Catalog;
  readonly stateFolder: string;
  /** The files of earlier starts. */
  readonly manifest: Pick<FileManifest, 'has' | 'add'>;
  /** Shares the disk reserve of a spool, to be released where a write fails that its messages wait for. */
  readonly share: (reserve: Pick<Reserve, 'release'>) => void;
  /** Moves the ids that an owner has in the pipeline's own file, see PipelineState. */
  readonly moveIds: PipelineState['moveIds'];
  /** The spool is neither filled nor emptied. */
  readonly isReplayOnly: boolean;
  readonly pace: Pick<StatePace, 'monotonicNowMs' | 'syncing'>;
  readonly log: Log;
  readonly health: Health;
}

/** Servers may deliver more than a window, see invariant 4. */
const OVERRUN = 1024;

/** Undefined where the route has none. Throws STATE_UNUSABLE or STATE_LOCKED. */
export function openRouteSpool(spec: RouteSpec, services: SpoolServices): RouteSpool | undefined {
  if (spec.spool === undefined) return undefined;
  const { store } = openStore(spec, spec.spool, services);
  let source: SpoolSource | undefined;
  const save: StoredIdsSettings['save'] = (write, delivery) => {
    if (source === undefined) throw new SluiceError('INTERNAL', `an id of ${spec.name} came before its spool`);
    return source.save(write, delivery);
  };
  return {
    processedIds(owner, bounds) {
      try {
        let table: ProcessedIdTable | undefined;
        services.moveIds(owner, bounds, (ids) => (table = store.openIds(owner, bounds.most, ids)));
        table ??= store.openIds(owner, bounds.most);
        return new StoredIds(table, { bounds, nowMs: services.pace.monotonicNowMs, save, isTogether: false });
      } catch (thrown) {
        throw stateError(`use the spool of ${spec.name}`, thrown);
      }
    },
    attach(route) {
      const { ends, policy, observers } = route;
      source = new SpoolSource(ends.source, store, {
        window: policy.window,
        compactionKey:
          CLASSES[spec.class].keeps === 'all' ? () => NEVER_REPLACED : compactionKeyOf(spec, policy, services.catalog),
        nowMs: () => observers.clock.nowMs(),
        after: (ms, run) => observers.clock.after(ms, run),
        onPause: (pause) => reportPause(spec.name, pause, services),
      });
      return services.isReplayOnly ? route : { ...route, ends: { ...ends, source } };
    },
    counted(counters, fill) {
      if (source === undefined || services.isReplayOnly) return { ...counters, window: fill };
      const { messages, waiting, superseded, bytes, oldestAtMs, isFull } = source.numbers();
      const spoolOldestAgeMs = oldestAtMs === undefined ? 0 : Math.max(0, Date.now() - oldestAtMs);
      const oldestAgeMs =
        oldestAtMs === undefined ? fill.oldestAgeMs : Math.max(fill.oldestAgeMs ?? 0, spoolOldestAgeMs);
      return {
        ...counters,
        window: { ...fill, oldestAgeMs },
        accepted: counters.accepted + waiting + superseded,
        superseded: counters.superseded + superseded,
        held: counters.held + waiting,
        spooled: messages,
        spoolBytes: bytes,
        spoolOldestAgeMs,
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

function openStore(spec: RouteSpec, { at, maxBytes }: SpoolSpec, services: SpoolServices): OpenedStore {
  const { pipeline, stateFolder, manifest, share, pace, log, health } = services;
  // The state folder is this pipeline's own; another folder may be that of several.
  const file = at === undefined ? join(stateFolder, `spool-${spec.name}.sqlite`) : spoolFile(at, pipeline, spec.name);
  if (at !== undefined) makeFolder(at);
  const rememberedIds = spec.from.window.messages + OVERRUN;
  const entry = at === undefined ? basename(file) : resolve(file);
  const onRewritten = (): void => {
    const text = 'the file was removed while it was in use; it was written again with all its content';
    log.error('state-file-rewritten', { route: spec.name, file, text });
  };
  const settings = { maxBytes, keeps: CLASSES[spec.class].keeps, rememberedIds, maxIds: maxIdsOf(spec) };
  const reserve = new Reserve(`${file}-reserve`);
  share(reserve);
  const opened = openSpoolStore(file, openDatabase, settings, {
    existedBefore: manifest.has(entry),
    watch: (path, open) => new WatchedDatabase(path, { open, onRewritten }),
    syncing: pace.syncing,
    reserve,
  });
  manifest.add(entry);
  const { damage, store } = opened;
  if (damage !== undefined) {
    const { movedTo, recovered } = damage;
    log.error('spool-damaged', { route: spec.name, file, movedTo, recovered, text: reportText(damage) });
  }
  if (store.messages > 0) log.info('spool-found', { route: spec.name, messages: store.messages });
  health.set(`${spec.name} spool`, true);
  return opened;
}

/** With those that are to be trimmed. */
function maxIdsOf({ from }: RouteSpec): number {
  return 2 * (REMEMBERED_IDS + (from.dedupe?.max ?? 0));
}

function makeFolder(path: string): void {
  try {
    // An existing folder may be shared: the operator sets its rights, and the bridge those of the file.
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw new SluiceError('STATE_UNUSABLE', `expected to make the folder ${path}, found ${messageOf(thrown)}`);
  }
}

function reportPause(route: string, pause: Pause | undefined, { log, health }: SpoolServices): void {
  health.set(`${route} spool`, pause === undefined, pause?.kind);
  if (pause === undefined) log.info('spool-resumed', { route });
  else if (pause.kind === 'full') log.warn('spool-full', { route, text: 'the source is not read until there is room' });
  else log.error('spool-unwritable', { route, text: `${pause.text}; the source is not read until it can be written` });
}
