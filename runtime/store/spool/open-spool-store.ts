import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '#contract/database.ts';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import { type OpenDatabase, openSpoolDatabase, PAGE_BYTES, type SpoolLayout } from './database.ts';
import { isWhole } from './stored-message.ts';
import { salvage } from './recover-rows.ts';
import { type RoomOnDisk, SpoolStore, type StoreSettings } from './spool-store.ts';

/** What became of a damaged file. */
export interface Quarantine {
  /** Where it lies now; undefined where there was none any more. */
  readonly file: string | undefined;
  readonly flaw: string;
  /** Messages that could be read, and lie in the new file. */
  readonly saved: number;
}

export interface OpenedStore {
  readonly store: SpoolStore;
  /** There when the file was damaged. */
  readonly quarantine: Quarantine | undefined;
}

export interface SpoolServices {
  /** Returns once the names in the folder are on the disk. */
  readonly syncFolder: (folder: string) => void;
  readonly now?: () => Date;
  /** Whether it was there at an earlier start, with something in it: to SQLite a file that is gone, or empty, is a new one. */
  readonly wasThere?: boolean;
  /** Makes a database of a file that stays in use: one that knows whether its file is still there. */
  readonly watch?: (path: string, open: (path: string) => DatabaseSync) => Database;
  readonly room?: RoomOnDisk;
}

/**
 * Opens the spool in `file`, making it if need be. A damaged file is set aside, with what can be read of it copied into
 * a new one. Throws STATE_LOCKED where another process holds it, STATE_LINKED where it is a link, and STATE_UNUSABLE only
 * where nothing can be written.
 */
export function openSpoolStore(
  file: string,
  open: OpenDatabase,
  settings: StoreSettings,
  services: SpoolServices,
): OpenedStore {
  const { now = () => new Date(), wasThere = false, watch = (path, from) => from(path), room, syncFolder } = services;
  const layout = { isByNumber: settings.keeps === 'newest', maxBytes: settings.maxBytes };
  const opened = (path: string): DatabaseSync => {
    const database = openSpoolDatabase(path, open, layout);
    // A file that its folder forgets is no file.
    syncFolder(dirname(path));
    return database;
  };
  let checked: DatabaseSync | undefined;
  // What was read is not closed in between: another process could take it.
  const taken = (path: string): DatabaseSync => {
    const first = checked;
    checked = undefined;
    return first ?? opened(path);
  };
  const made = (): SpoolStore => new SpoolStore(watch(file, taken), settings, room);
  try {
    finishRepair(file, stampOf(now()), syncFolder);
    const loss = wasThere ? lossOf(file) : undefined;
    const attempt = loss === undefined ? sound(() => opened(file)) : { flaw: loss };
    if ('database' in attempt) {
      checked = attempt.database;
      return { store: made(), quarantine: undefined };
    }
    const quarantine = repair(file, attempt.flaw, { open, layout, now, syncFolder });
    return { store: made(), quarantine };
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown;
    if (codeOf(thrown) === CODES.busy || codeOf(thrown) === CODES.locked) {
      throw new SluiceError('STATE_LOCKED', `expected ${file} to be free, found it held by another process`);
    }
    throw new SluiceError('STATE_UNUSABLE', `expected to use ${file}, found ${messageOf(thrown)}`, { cause: thrown });
  }
}

function lossOf(file: string): string | undefined {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return 'no file, and there was one at the last start';
  return size === 0 ? 'an empty file, and it held something at the last start' : undefined;
}

/** What says something of the disk, of rights or of another process, and nothing of the file. */
const OF_PLACE: ReadonlySet<number> = new Set([
  CODES.perm,
  CODES.busy,
  CODES.locked,
  CODES.readOnly,
  CODES.full,
  CODES.cannotOpen,
]);

/** The whole file is read: what a disk has forgotten or changed must be found out before anything is built on it. */
function sound(opened: () => DatabaseSync): { readonly database: DatabaseSync } | { readonly flaw: string } {
  let database: DatabaseSync | undefined;
  try {
    database = opened();
    const flaw = flawOf(database);
    if (flaw === undefined) return { database };
    database.close();
    return { flaw };
  } catch (thrown) {
    if (database?.isOpen === true) database.close();
    // A damaged file is no reason not to start. A folder that cannot be written is one, and so is another process.
    const isOurs = thrown instanceof SluiceError || isOfFileSystem(thrown);
    if (isOurs || OF_PLACE.has(codeOf(thrown))) throw thrown;
    return { flaw: messageOf(thrown) };
  }
}

function isOfFileSystem(thrown: unknown): boolean {
  return thrown instanceof Error && 'syscall' in thrown;
}

function flawOf(database: DatabaseSync): string | undefined {
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (verdict !== 'ok') return String(verdict);
  for (const { head, body, checksum } of database.prepare('SELECT head, body, checksum FROM spool').iterate()) {
    const bytes = body instanceof Uint8Array ? body : null;
    if (typeof head !== 'string' || !isWhole(head, bytes, Number(checksum))) return 'a row is not as it was written';
  }
  return undefined;
}

const SIDES = ['', '-wal'];
/** 64 GiB, of a file with holes. */
const MAX_MISSING_PAGES = 2 ** 24;

interface Repair {
  readonly open: OpenDatabase;
  readonly layout: SpoolLayout;
  readonly now: () => Date;
  readonly syncFolder: SpoolServices['syncFolder'];
}

/** At each moment one of the two files is whole, so that a repair that is cut short is made again or finished. */
function repair(file: string, flaw: string, { open, layout, now, syncFolder }: Repair): Quarantine {
  const repaired = `${file}.repaired`;
  const fresh = openSpoolDatabase(repaired, open, layout);
  const isThere = existsSync(file);
  const saved = isThere ? salvageFrom(file, fresh, open) : 0;
  // Closing takes the log into the file.
  fresh.close();
  const aside = free(`${file}.damaged-${stampOf(now())}`);
  for (const side of SIDES) if (existsSync(file + side)) renameSync(file + side, aside + side);
  renameSync(repaired, file);
  syncFolder(dirname(file));
  return { file: isThere ? aside : undefined, flaw, saved };
}

function salvageFrom(file: string, fresh: DatabaseSync, open: OpenDatabase): number {
  const length = statSync(file).size;
  const wanted = lengthInHead(file);
  let damaged: DatabaseSync | undefined;
  try {
    // A file that is shorter than its head says is not read at all: what is missing is made up by zeros meanwhile.
    if (wanted > length) truncateSync(file, wanted);
    damaged = open(file, { readOnly: true });
    return salvage(damaged, fresh);
  } catch (thrown) {
    if (damaged === undefined) return 0;
    throw thrown;
  } finally {
    damaged?.close();
    if (wanted > length) truncateSync(file, length);
  }
}

/** https://www.sqlite.org/fileformat2.html, section 1.3: pages are counted at 28. */
function lengthInHead(file: string): number {
  const head = Buffer.alloc(32);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  // A count that is itself damaged asks for any size.
  return Math.min(head.readUInt32BE(28), MAX_MISSING_PAGES + statSync(file).size / PAGE_BYTES) * PAGE_BYTES;
}

/** A repair that was cut short: before its file was complete, it is begun again; behind, it only has to be put in place. */
function finishRepair(file: string, stamp: string, syncFolder: SpoolServices['syncFolder']): void {
  const repaired = `${file}.repaired`;
  if (!existsSync(repaired)) return;
  if (existsSync(file)) for (const side of SIDES) rmSync(repaired + side, { force: true });
  else {
    // The log of the damaged file is not that of the new one.
    if (existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${file}.damaged-${stamp}-wal`);
    renameSync(repaired, file);
  }
  syncFolder(dirname(file));
}

/** Twice within a second: what was set aside first is never written over. */
function free(name: string): string {
  for (let more = 0; ; more += 1) {
    const next = more === 0 ? name : `${name}-${more}`;
    if (!existsSync(next)) return next;
  }
}

/** `20261125T093000Z` */
function stampOf(now: Date): string {
  return now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
