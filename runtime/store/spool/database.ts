import type { DatabaseSync } from 'node:sqlite';

/** Opens a database file, for its owner alone; the root has one way for all. Throws STATE_LINKED, or what the database says. */
export type OpenDatabase = (path: string, options?: { readonly readOnly?: boolean }) => DatabaseSync;

/** Of the table below. */
const LAYOUT = 1;
/** SQLite's application_id, `SLSP`: what tells the file from that of another program. */
const MARK = 0x534c_5350;

export interface SpoolLayout {
  readonly isByNumber: boolean;
  /** Of the pages in use. */
  readonly maxBytes: number;
}

export const PAGE_BYTES = 4096;

/**
 * `slot` is the place of a row, `number` what it is called: a row that a newer message of its lane replaces keeps its
 * place, so that the file does not grow, and gets another number.
 */
const TABLE = `
CREATE TABLE IF NOT EXISTS spool (
  slot INTEGER PRIMARY KEY, number INTEGER NOT NULL, lane TEXT, rank REAL,
  head TEXT NOT NULL, body BLOB, checksum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS spool_lanes ON spool (lane) WHERE lane IS NOT NULL;
CREATE TABLE IF NOT EXISTS remembered (number INTEGER PRIMARY KEY, ids TEXT NOT NULL) STRICT;`;

/** The log keeps no more of the disk than this, once what was in it lies in the file. */
const MAX_LOG_BYTES = 16 * 1024 ** 2;

/**
 * Opens the file for one process and makes it ready. Throws what the database says, and then holds nothing: of a file
 * that is damaged, of one that another process holds.
 */
export function openSpoolDatabase(
  path: string,
  open: OpenDatabase,
  { isByNumber, maxBytes }: SpoolLayout,
): DatabaseSync {
  const database = open(path);
  try {
    // The lock is the kernel's, kept until the end; and no memory is shared, which no sync would cover.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const marked = Number(database.prepare('PRAGMA application_id').get()?.['application_id']);
    if (marked !== 0 && marked !== MARK) throw new Error('a database of another program');
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > LAYOUT) throw new Error(`layout ${version} of a later version of the bridge`);
    // Nothing is written where everything is there: a start on a full disk must come about, and what is damaged stays as it is.
    const isNew = version === 0;
    // Freed pages can be given back to the disk: so it must be said before the first table.
    if (isNew) database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec(`PRAGMA journal_size_limit = ${MAX_LOG_BYTES}`);
    const number = isByNumber
      ? 'CREATE UNIQUE INDEX IF NOT EXISTS spool_numbers ON spool (number)'
      : 'DROP INDEX IF EXISTS spool_numbers';
    const mark = isNew ? `PRAGMA user_version = ${LAYOUT}; PRAGMA application_id = ${MARK};` : '';
    database.exec(`BEGIN EXCLUSIVE; ${TABLE} ${number}; ${mark} COMMIT`);
    database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / PAGE_BYTES)}`);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}
