import { systemClock } from '../../../runtime/engine/clock.ts';
import { join } from 'node:path';
import type { Frame } from '../../../runtime/contract/frame.ts';
import { type OpenedStore, openSpoolStore, type SpoolServices } from '../../../runtime/store/spool/open-spool-store.ts';
import { type CompactionKey, type Pause, SpoolSource } from '../../../runtime/store/spool/spool-source.ts';
import type { SpoolArrival, SpoolStore, StoreSettings } from '../../../runtime/store/spool/spool-store.ts';
import { logSyncOf } from '../../../runtime/store/log-sync.ts';
import { Reserve } from '../../../runtime/store/reserve.ts';
import { openDatabase } from '../../../runtime/store/sqlite.ts';
import { WatchedDatabase } from '../../../runtime/store/watched-database.ts';
import { frameForTest } from '../../engine/route-for-test.ts';
import { GivenSource } from './given-source.ts';

const ROOM = { messages: 1000, bytes: 1e9 };
export const MIB = 1024 ** 2;

/** The file of a folder's one spool. */
export function fileIn(folder: string): string {
  return join(folder, 'spool-r.sqlite');
}

/** As a route opens its spool: it knows whether its file is still there, and keeps room for a full disk. */
export function guarded(folder: string): SpoolServices {
  return {
    watch: (path, open) => new WatchedDatabase(path, { open }),
    reserve: new Reserve(`${fileIn(folder)}-reserve`),
    syncing: logSyncOf,
  };
}

export function openIn(
  folder: string,
  settings: Partial<StoreSettings> = {},
  services: Partial<SpoolServices> = {},
): OpenedStore {
  const now = (): Date => new Date('2026-11-25T09:30:00.123Z');
  return openSpoolStore(
    fileIn(folder),
    openDatabase,
    { maxBytes: 64 * MIB, keeps: 'all', rememberedIds: 400, ...settings },
    { now, ...services },
  );
}

/** A message whose body is `text`, of a lane where one is given. */
export function arrival(
  text: string,
  more: Partial<SpoolArrival> & { readonly frame?: Partial<Frame> } = {},
): SpoolArrival {
  const { frame, ...rest } = more;
  return {
    message: { id: text, attempt: 1, lane: undefined, arrivedAtMs: 5000, frame: frameForTest('in/a', text, frame) },
    lane: undefined,
    rank: undefined,
    ...rest,
  };
}

export function numbered(from: number, to: number): SpoolArrival[] {
  return Array.from({ length: to - from + 1 }, (_, index) => arrival(`m${from + index}`));
}

/** What comes out of a store until it has no more to lend. */
export function lentBy(store: SpoolStore, room = ROOM): { readonly number: number; readonly text: string }[] {
  const all: { number: number; text: string }[] = [];
  for (let rows = store.next(room); rows.length > 0; rows = store.next(room)) {
    for (const { number, message } of rows)
      all.push({ number, text: Buffer.from(message.frame.body ?? []).toString() });
  }
  return all;
}

export function textsIn(store: SpoolStore): string[] {
  return lentBy(store).map(({ text }) => text);
}

/** A spool at work behind a source that is given its frames. */
export function spoolIn(folder: string, settings: SpoolParts = {}) {
  const {
    compactionKey = () => ({ lane: undefined, rank: undefined }),
    window = { messages: 100, bytes: MIB },
    services,
    ...store
  } = settings;
  const opened = openIn(folder, store, services);
  const source = settings.source ?? new GivenSource();
  const pauses: (Pause['kind'] | 'over')[] = [];
  const said: string[] = [];
  const spool = new SpoolSource(source, opened.store, {
    window,
    compactionKey,
    nowMs: () => 7000,
    after: (ms, run) => systemClock.after(ms, run),
    onPause(pause) {
      pauses.push(pause?.kind ?? 'over');
      if (pause !== undefined) said.push(pause.text);
    },
  });
  return { ...opened, source, spool, pauses, said };
}

interface SpoolParts extends Partial<StoreSettings> {
  readonly compactionKey?: (delivery: { readonly frame: Frame }) => CompactionKey;
  readonly window?: { readonly messages: number; readonly bytes: number };
  readonly source?: GivenSource;
  readonly services?: SpoolServices;
}
