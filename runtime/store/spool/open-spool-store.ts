import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '#contract/database.ts';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import type { DamageReport } from '../file-manifest.ts';
import type { LogSync } from '../log-sync.ts';
import { finishRepair } from '../replace-damaged.ts';
import { syncFolder } from '../sync-files.ts';
import { type OpenDatabase, openSpoolDatabase } from './database.ts';
import { lossOf, openChecked, repair } from './repair.ts';
import { type DiskReserve, SpoolStore, type StoreSettings } from './spool-store.ts';

export interface OpenedStore {
  readonly store: SpoolStore;
  /** Present when the file was damaged. */
  readonly damage: DamageReport | undefined;
}

export interface SpoolServices {
  readonly now?: () => Date;
  /** Whether an earlier start left the file there, with content: to SQLite a file that is gone, or empty, is a new one. */
  readonly existedBefore?: boolean;
  /** Makes a database of a file that stays in use: one that detects whether its file is still there. */
  readonly watch?: (path: string, open: (path: string) => DatabaseSync) => Database;
  /** Syncs its log outside of the event loop; without it the event loop waits for the disk. */
  readonly syncing?: (database: Database) => LogSync | undefined;
  readonly reserve?: DiskReserve;
}

/**
 * Opens the spool in `file`, making it if need be. A damaged file is renamed, and its readable rows are copied into a new
 * one. Throws STATE_LOCKED where another process holds it, STATE_LINKED where it is a link, and STATE_UNUSABLE only where
 * nothing can be written.
 */
export function openSpoolStore(
  file: string,
  open: OpenDatabase,
  settings: StoreSettings,
  services: SpoolServices = {},
): OpenedStore {
  const { now = () => new Date(), existedBefore = false, watch = (path, from) => from(path) } = services;
  const { keeps, maxBytes, maxIds = 0 } = settings;
  const layout = { isByNumber: keeps === 'newest', maxBytes, maxIds };
  const openDurable = (path: string): DatabaseSync => {
    const database = openSpoolDatabase(path, open, layout);
    // The file's name is durable only once its folder is synced.
    syncFolder(dirname(path));
    return database;
  };
  let checked: DatabaseSync | undefined;
  // The checked database is used as it is open: between closing and opening another process could take it.
  const takeChecked = (path: string): DatabaseSync => {
    const first = checked;
    checked = undefined;
    return first ?? openDurable(path);
  };
  const newStore = (): SpoolStore => {
    const database = watch(file, takeChecked);
    return new SpoolStore(database, settings, services.reserve, services.syncing?.(database));
  };
  try {
    finishRepair(file, now());
    const loss = existedBefore ? lossOf(file) : undefined;
    const attempt = loss === undefined ? openChecked(() => openDurable(file)) : { flaw: loss };
    if ('database' in attempt) {
      checked = attempt.database;
      return { store: newStore(), damage: undefined };
    }
    const damage = repair(file, attempt.flaw, { open, layout, now: now() });
    return { store: newStore(), damage };
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown;
    if (codeOf(thrown) === CODES.busy || codeOf(thrown) === CODES.locked) {
      throw new SluiceError('STATE_LOCKED', `expected ${file} to be free, found it held by another process`);
    }
    throw new SluiceError('STATE_UNUSABLE', `expected to use ${file}, found ${messageOf(thrown)}`, { cause: thrown });
  }
}
