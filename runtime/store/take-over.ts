import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '#contract/database.ts';
import { markLost } from './lost-checkpoints.ts';
import { type FileKind, openStateFile, type StateFiles } from './open-state-file.ts';
import { SIDECARS } from './private-file.ts';
import { tableOf } from './processed-id-table.ts';
import { repairedName } from './replace-damaged.ts';
import { isFullDisk } from './state-error.ts';
import { syncFolder } from './sync-files.ts';

/** Names of old files whose rows are committed and which are not removed yet. */
export const TAKEN_OVER_TABLE = 'CREATE TABLE IF NOT EXISTS taken_over (name TEXT PRIMARY KEY) STRICT;';

/** A file of the version that had three files in place of `state.sqlite`. */
interface OldFile extends FileKind {
  /** Copies its rows, attached as `old`, within a transaction. `isDamaged`: some or all of them are lost. */
  readonly copy: (database: Database, isDamaged: boolean) => void;
  /** Called after the copy where rows are lost. */
  readonly onLost?: (folder: string) => void;
}

const WAL = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;';

const OLD_FILES: readonly OldFile[] = [
  {
    name: 'ledger.sqlite',
    // `SLLG`
    mark: 0x534c_4c47,
    rows: /^entries_/,
    prepare: (database: DatabaseSync): void =>
      database.exec(
        `${WAL} CREATE TABLE IF NOT EXISTS owners (number INTEGER PRIMARY KEY, owner TEXT NOT NULL UNIQUE) STRICT`,
      ),
    copy: copyIds,
  },
  {
    name: 'memos.sqlite',
    // `SLME`
    mark: 0x534c_4d45,
    rows: /^memos$/,
    prepare: (database: DatabaseSync): void =>
      database.exec(`${WAL} CREATE TABLE IF NOT EXISTS memos (owner TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT`),
    copy: (database) =>
      database.exec(`
        INSERT INTO main.checkpoints (owner, text) SELECT owner, text FROM old.memos WHERE true
        ON CONFLICT (owner) DO UPDATE SET text = excluded.text`),
    onLost: (folder) => markLost(folder, 'memos.sqlite'),
  },
  {
    name: 'suspects.sqlite',
    // `SLSU`
    mark: 0x534c_5355,
    rows: /^suspects$/,
    prepare: (database: DatabaseSync): void =>
      database.exec(`${WAL}
        CREATE TABLE IF NOT EXISTS runs (started_at TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS suspects (
          route TEXT NOT NULL, name TEXT NOT NULL, strikes INTEGER NOT NULL, inside INTEGER NOT NULL,
          buried INTEGER NOT NULL, struck_at INTEGER NOT NULL DEFAULT (unixepoch()), PRIMARY KEY (route, name)
        ) STRICT`),
    copy(database, isDamaged) {
      database.exec(`
        INSERT INTO main.suspects (route, name, crash_count, inside, dead_lettered, crashed_at)
          SELECT route, name, strikes, inside, buried, struck_at FROM old.suspects WHERE true ORDER BY rowid
          ON CONFLICT (route, name) DO UPDATE SET
            crash_count = max(crash_count, excluded.crash_count), inside = max(inside, excluded.inside);
        INSERT INTO main.runs (started_at) SELECT started_at FROM old.runs`);
      // The record of a crash may be lost: a run without a clean end is assumed.
      if (isDamaged) database.exec("INSERT INTO main.runs (started_at) VALUES ('unknown')");
    },
  },
];

/** Whether the folder has files of the version before. */
export function hasOldFiles(files: StateFiles): boolean {
  return OLD_FILES.some((old) => isThere(old, files));
}

/**
 * Takes the rows of the files of the version before into `state.sqlite`, once. At each moment an old file or the new one has
 * everything: an old file is removed after its rows are synced, and a start that was cut short is repeated or finished. A
 * damaged old file is reported, renamed and kept, as by its own version. Throws the database's or the file system's error.
 */
export function takeOver(database: Database, files: StateFiles): void {
  const isTaken = database.prepare('SELECT 1 FROM taken_over WHERE name = ?');
  for (const old of OLD_FILES) {
    const isCommitted = isTaken.get(old.name) !== undefined;
    if (!isCommitted && !isThere(old, files)) continue;
    if (!isCommitted) copyRows(database, old, files);
    remove(old, files);
    database.prepare('DELETE FROM taken_over WHERE name = ?').run(old.name);
  }
}

function isThere({ name }: OldFile, { path, manifest }: StateFiles): boolean {
  const file = join(path, name);
  // The folder's list names a file that is gone: its loss is to be reported.
  return existsSync(file) || existsSync(repairedName(file)) || manifest.has(name);
}

function copyRows(database: Database, old: OldFile, files: StateFiles): void {
  const { database: checked, isDamaged } = openStateFile(old, files);
  checked.close();
  if (isDamaged) old.onLost?.(files.path);
  database.prepare('ATTACH DATABASE ? AS old').run(join(files.path, old.name));
  try {
    try {
      copyInTransaction(database, old, isDamaged);
    } catch (thrown) {
      if (!isFullDisk(thrown)) throw thrown;
      files.reserve.release();
      copyInTransaction(database, old, isDamaged);
    }
  } finally {
    database.exec('DETACH DATABASE old');
  }
}

function copyInTransaction(database: Database, { name, copy }: OldFile, isDamaged: boolean): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    copy(database, isDamaged);
    database.prepare('INSERT OR IGNORE INTO taken_over (name) VALUES (?)').run(name);
    database.exec('COMMIT');
  } catch (thrown) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw thrown;
  }
}

function copyIds(database: Database): void {
  const tables = new Set(
    database
      .prepare("SELECT name FROM old.sqlite_schema WHERE type = 'table'")
      .all()
      .map(({ name }) => name),
  );
  for (const { number, owner } of database.prepare('SELECT number, owner FROM old.owners ORDER BY number').all()) {
    const from = `entries_${Number(number)}`;
    // The table of a damaged file may be unreadable while its owner is not.
    if (!tables.has(from)) continue;
    database.exec(
      `INSERT INTO main.${tableOf(database, String(owner))} (id, lane, sequence, at_ms)
         SELECT id, lane, sequence, at_ms FROM old.${from} ORDER BY number`,
    );
  }
}

/** The names of the new file are durable before those of the old one are gone, and their end before it is forgotten. */
function remove({ name }: OldFile, { path, manifest }: StateFiles): void {
  syncFolder(path);
  manifest.remove(name);
  for (const side of ['', ...SIDECARS]) rmSync(join(path, name + side), { force: true });
  syncFolder(path);
}
