import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { CODES, codeOf, type OpenDatabase, openSpoolDatabase, PAGE_BYTES } from './database.ts';
import { isWhole } from './kept.ts';
import { salvage } from './salvage.ts';
import { SpoolStore, type StoreSettings } from './store.ts';

/** What became of a damaged file. */
export interface Quarantine {
  /** Where it lies now. */
  readonly file: string;
  readonly flaw: string;
  /** Messages that could be read, and lie in the new file. */
  readonly saved: number;
}

export interface OpenedStore {
  readonly store: SpoolStore;
  /** There when the file was damaged. */
  readonly quarantine: Quarantine | undefined;
}

/**
 * Opens the spool in `file`, making it if need be. A damaged file is set aside, with what can be read of it copied into
 * a new one. Throws STATE_LOCKED where another process holds it, and STATE_UNUSABLE only where nothing can be written.
 */
export function openSpoolStore(
  file: string,
  open: OpenDatabase,
  settings: StoreSettings,
  now: () => Date = () => new Date(),
): OpenedStore {
  const isByNumber = settings.keeps === 'newest';
  const opened = (): DatabaseSync => {
    const database = openSpoolDatabase(file, open, isByNumber);
    // A file that its folder forgets is no file.
    syncFolder(file);
    return database;
  };
  try {
    finishRepair(file, stampOf(now()));
    const attempt = sound(opened);
    if ('database' in attempt) return { store: new SpoolStore(attempt.database, settings), quarantine: undefined };
    const quarantine = repair(file, attempt.flaw, { open, isByNumber, now });
    return { store: new SpoolStore(opened(), settings), quarantine };
  } catch (thrown) {
    if (codeOf(thrown) === CODES.busy || codeOf(thrown) === CODES.locked) {
      throw new SluiceError('STATE_LOCKED', `expected ${file} to be free, found it held by another process`);
    }
    throw new SluiceError('STATE_UNUSABLE', `expected to use ${file}, found ${messageOf(thrown)}`, { cause: thrown });
  }
}

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
    if ((Object.values(CODES) as number[]).includes(codeOf(thrown))) throw thrown;
    return { flaw: messageOf(thrown) };
  }
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
  readonly isByNumber: boolean;
  readonly now: () => Date;
}

/** At each moment one of the two files is whole, so that a repair that is cut short is made again or finished. */
function repair(file: string, flaw: string, { open, isByNumber, now }: Repair): Quarantine {
  const repaired = `${file}.repaired`;
  const fresh = openSpoolDatabase(repaired, open, isByNumber);
  const saved = salvageFrom(file, fresh, open);
  // Closing takes the log into the file.
  fresh.close();
  const aside = `${file}.damaged-${stampOf(now())}`;
  for (const side of SIDES) if (existsSync(file + side)) renameSync(file + side, aside + side);
  renameSync(repaired, file);
  syncFolder(file);
  return { file: aside, flaw, saved };
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
function finishRepair(file: string, stamp: string): void {
  const repaired = `${file}.repaired`;
  if (!existsSync(repaired)) return;
  if (existsSync(file)) for (const side of SIDES) rmSync(repaired + side, { force: true });
  else {
    // The log of the damaged file is not that of the new one.
    if (existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${file}.damaged-${stamp}-wal`);
    renameSync(repaired, file);
  }
  syncFolder(file);
}

/** `20261125T093000Z` */
function stampOf(now: Date): string {
  return now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function syncFolder(file: string): void {
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
