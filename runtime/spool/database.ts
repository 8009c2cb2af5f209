import type { DatabaseSync } from 'node:sqlite';

/** Opens a database file; the root has one way for all. */
export type OpenDatabase = (path: string, options?: { readonly readOnly?: boolean }) => DatabaseSync;

/** Of the table below. */
const LAYOUT = 1;

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
CREATE UNIQUE INDEX IF NOT EXISTS spool_lanes ON spool (lane) WHERE lane IS NOT NULL;`;

/**
 * Opens the file for one process and makes it ready. Throws what the database says, and then holds nothing: of a file
 * that is damaged, of one that another process holds.
 */
export function openSpoolDatabase(path: string, open: OpenDatabase, isByNumber: boolean): DatabaseSync {
  const database = open(path);
  try {
    // Only before the first table: freed pages can be given back to the disk.
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
    // The lock is the kernel's, taken with the first write and kept; and no memory is shared, which no sync covers.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > LAYOUT) throw new Error(`layout ${version} of a later version of the bridge`);
    const number = isByNumber
      ? 'CREATE UNIQUE INDEX IF NOT EXISTS spool_numbers ON spool (number)'
      : 'DROP INDEX IF EXISTS spool_numbers';
    // Nothing is written where everything is there: a start on a full disk must come about.
    const mark = version === LAYOUT ? '' : `PRAGMA user_version = ${LAYOUT};`;
    database.exec(`BEGIN EXCLUSIVE; ${TABLE} ${number}; ${mark} COMMIT`);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** What the database complains of, by its own number; 0 when it does not say. */
export function codeOf(thrown: unknown): number {
  const code: unknown = thrown instanceof Error && 'errcode' in thrown ? thrown.errcode : undefined;
  // The lower byte is the kind, the rest its detail.
  return typeof code === 'number' ? code & 0xff : 0;
}

/** Result codes of SQLite. */
export const CODES = { perm: 3, busy: 5, locked: 6, readOnly: 8, full: 13, cannotOpen: 14 } as const;
