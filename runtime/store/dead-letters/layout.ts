import type { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '#contract/errors.ts';
import { openDatabase } from '../sqlite.ts';

/** Of the tables below. 0 is that of version 0.1, 1 the first with a null body; letters of both are kept. */
const LAYOUT = 4;

const TABLE = `
CREATE TABLE IF NOT EXISTS dead_letters (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline TEXT NOT NULL, route TEXT NOT NULL, coordinates TEXT NOT NULL, id TEXT NOT NULL,
  address TEXT NOT NULL, key TEXT, headers TEXT NOT NULL, header_types TEXT, body BLOB,
  publisher_id TEXT, content_type TEXT, timestamp_ms INTEGER, expires_at_ms INTEGER,
  label TEXT, code TEXT NOT NULL, stage TEXT, position TEXT, text TEXT NOT NULL, cause TEXT,
  attempts INTEGER NOT NULL, trace_id TEXT, received_at_ms INTEGER NOT NULL, died_at_ms INTEGER NOT NULL
) STRICT`;

/** When a letter began to age. */
export const AGED_FROM = 'coalesce(kept_at_ms, died_at_ms)';

const OLD_COLUMNS = `number, pipeline, route, coordinates, id, address, key, headers, body, publisher_id, content_type,
  timestamp_ms, expires_at_ms, label, code, stage, position, text, cause, attempts, trace_id, received_at_ms, died_at_ms`;

/** The additions of layout 2 to 1. Added, not copied: a store may be as large as the disk. */
const ADDED_2 = `
ALTER TABLE dead_letters ADD COLUMN route_key TEXT;
ALTER TABLE dead_letters ADD COLUMN schema TEXT;
ALTER TABLE dead_letters ADD COLUMN pointer TEXT;
ALTER TABLE dead_letters ADD COLUMN span_id TEXT;
ALTER TABLE dead_letters ADD COLUMN bytes INTEGER GENERATED ALWAYS AS (
  coalesce(length(body), 0) + octet_length(headers) + octet_length(text) + coalesce(octet_length(cause), 0)) VIRTUAL;
CREATE INDEX dead_letters_by_route ON dead_letters (route, died_at_ms, bytes);
CREATE TABLE replays (
  letter INTEGER PRIMARY KEY, route TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL,
  rate REAL, renew_expiry_ms INTEGER, requested_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX replays_by_state ON replays (state, route, letter);
CREATE INDEX replays_by_request ON replays (request, state);
CREATE TABLE discards (route TEXT NOT NULL, reason TEXT NOT NULL, total INTEGER NOT NULL, PRIMARY KEY (route, reason)) STRICT`;

/** Of layout 3: the columns of the age clock (age-clock.ts). An older letter ages from its death. */
const ADDED_3 = `
ALTER TABLE dead_letters ADD COLUMN kept_at_ms INTEGER;
CREATE INDEX dead_letters_by_age ON dead_letters (route, ${AGED_FROM});
CREATE TABLE seen (at_ms INTEGER NOT NULL) STRICT`;

/** Of layout 4: the source of a letter's time. Every text that a publisher chose counts in `bytes`. */
const ADDED_4 = `
ALTER TABLE dead_letters ADD COLUMN stamped_by TEXT;
DROP INDEX dead_letters_by_route;
ALTER TABLE dead_letters DROP COLUMN bytes;
ALTER TABLE dead_letters ADD COLUMN bytes INTEGER GENERATED ALWAYS AS (
  coalesce(length(body), 0) + octet_length(headers) + octet_length(text) + coalesce(octet_length(cause), 0)
  + octet_length(address) + coalesce(octet_length(key), 0) + coalesce(octet_length(content_type), 0)
  + coalesce(octet_length(publisher_id), 0)) VIRTUAL;
CREATE INDEX dead_letters_by_route ON dead_letters (route, died_at_ms, bytes)`;

/** Of the state folder's file of dead letters. */
export const LETTER_FILE = {
  name: 'dead-letters.sqlite',
  // `SLDL`
  mark: 0x534c_444c,
  rows: /^dead_letters$/,
  prepare(database: DatabaseSync): void {
    // Waits while it opens: two processes may migrate at once.
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    if (layoutOf(database) < LAYOUT) migrate(database);
  },
};

/**
 * Opens the file of dead letters, making or migrating its tables. Several processes may have it open: the bridge that
 * holds the folder, and commands. `busyMs`: how long a statement waits for another process's commit.
 */
export function openLetterFile(file: string, busyMs: number): DatabaseSync {
  const database = openDatabase(file);
  try {
    const mark = Number(database.prepare('PRAGMA application_id').get()?.['application_id']);
    if (mark !== 0 && mark !== LETTER_FILE.mark) {
      throw new SluiceError('STATE_DAMAGED', `expected dead letters in ${file}, found a database of another program`);
    }
    LETTER_FILE.prepare(database);
    database.exec(`PRAGMA busy_timeout = ${busyMs}`);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function layoutOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

function migrate(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const layout = layoutOf(database);
    const isThere = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'dead_letters'").get() !== undefined;
    if (layout === 0 && isThere) {
      // SQLite cannot remove a NOT NULL from a column.
      database.exec(`ALTER TABLE dead_letters RENAME TO old; ${TABLE};
        INSERT INTO dead_letters (${OLD_COLUMNS}) SELECT ${OLD_COLUMNS} FROM old; DROP TABLE old`);
    } else {
      database.exec(TABLE);
    }
    if (layout < 2) database.exec(ADDED_2);
    if (layout < 3) database.exec(ADDED_3);
    if (layout < 4) database.exec(ADDED_4);
    database.exec(`PRAGMA user_version = ${LAYOUT}; COMMIT`);
  } catch (thrown) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw thrown;
  }
}
