import type { DatabaseSync } from 'node:sqlite';

/** Opens a database file, for its owner alone. Throws STATE_LINKED, or the database's error. */
export type OpenDatabase = (path: string, options?: { readonly readOnly?: boolean }) => DatabaseSync;

/** Of the table below. */
const LAYOUT = 1;
/** SQLite's application_id, `SLSP`: identifies the file as a spool. */
const MARK = 0x534c_5350;

export interface SpoolLayout {
  readonly isByNumber: boolean;
  /** Of the pages in use for messages. */
  readonly maxBytes: number;
  /** How many processed ids may be in the file beside the messages. */
  readonly maxIds: number;
}

export const PAGE_BYTES = 4096;

/**
 * `slot` is the position of a row, `number` its identity: a row that a newer message of its lane replaces keeps its slot,
 * so that the file does not grow, and gets another number.
 */
const TABLE = `
CREATE TABLE IF NOT EXISTS spool (
  slot INTEGER PRIMARY KEY, number INTEGER NOT NULL, lane TEXT, rank REAL,
  head TEXT NOT NULL, body BLOB, checksum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS spool_lanes ON spool (lane) WHERE lane IS NOT NULL;
CREATE TABLE IF NOT EXISTS remembered (number INTEGER PRIMARY KEY, ids TEXT NOT NULL) STRICT;`;

/** The log is truncated to this size once its content is in the file. */
const MAX_LOG_BYTES = 16 * 1024 ** 2;

/**
 * Opens the file for one process and makes it ready. Throws the database's error, and then holds nothing: for a
 * file that is damaged, for one that another process holds.
 */
export function openSpoolDatabase(
  path: string,
  open: OpenDatabase,
  { isByNumber, maxBytes, maxIds }: SpoolLayout,
): DatabaseSync {
  const database = open(path);
  try {
    // The kernel's lock, held until the file is closed. Without shared memory, which no sync would cover.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const marked = Number(database.prepare('PRAGMA application_id').get()?.['application_id']);
    if (marked !== 0 && marked !== MARK) throw new Error('a database of another program');
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > LAYOUT) throw new Error(`layout ${version} of a later version of the bridge`);
    // An existing file is not written to: a start on a full disk must succeed, and a damaged file stays as it is.
    const isNew = version === 0;
    // auto_vacuum, which gives freed pages back to the disk, must be set before the first table.
    if (isNew) database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec(`PRAGMA journal_size_limit = ${MAX_LOG_BYTES}`);
    const number = isByNumber
      ? 'CREATE UNIQUE INDEX IF NOT EXISTS spool_numbers ON spool (number)'
      : 'DROP INDEX IF EXISTS spool_numbers';
    const mark = isNew ? `PRAGMA user_version = ${LAYOUT}; PRAGMA application_id = ${MARK};` : '';
    database.exec(`BEGIN EXCLUSIVE; ${TABLE} ${number}; ${mark} COMMIT`);
    // The store measures its rows itself; this bound is the last one. No id takes more than a page.
    database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / PAGE_BYTES) + maxIds}`);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}
