import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { GroupCommit } from './group-commit.ts';
import { type FileKind, openStateFile, type StateFiles } from './open-state-file.ts';
import { markLost } from './lost-checkpoints.ts';
import { OWNERS_TABLE } from './processed-id-table.ts';
import { stateError } from './state-error.ts';
import { MACHINE_PACE, type StatePace } from './state-pace.ts';
import { TAKEN_OVER_TABLE, takeOver } from './take-over.ts';
import type { WatchedDatabase } from './watched-database.ts';

const TABLES = `
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
${OWNERS_TABLE}
${TAKEN_OVER_TABLE}
CREATE TABLE IF NOT EXISTS checkpoints (owner TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS runs (started_at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS suspects (
  route TEXT NOT NULL, name TEXT NOT NULL, crash_count INTEGER NOT NULL, inside INTEGER NOT NULL,
  dead_lettered INTEGER NOT NULL, crashed_at INTEGER NOT NULL DEFAULT (unixepoch()),
  PRIMARY KEY (route, name)
) STRICT;`;

export const STATE_FILE: FileKind = {
  name: 'state.sqlite',
  // `SLST`
  mark: 0x534c_5354,
  rows: /^(?:entries_\d+|checkpoints|suspects)$/,
  prepare: (database: DatabaseSync): void => database.exec(TABLES),
};

/** The one database of a pipeline's processed ids, checkpoints and crash suspects. */
export interface StateDatabase {
  /** Path of the file. */
  readonly file: string;
  readonly folder: string;
  readonly database: WatchedDatabase;
  /** The one writer of rows that may wait for others: those of all routes and owners share a transaction. */
  readonly commits: GroupCommit;
  /** True when content of an earlier start is lost, or part of it. */
  readonly isDamaged: boolean;
  /** Commits waiting rows and closes the file. */
  close(): void;
}

/**
 * Opens the database in a state folder that this process holds, with the content of the files of the version before. Throws
 * STATE_UNUSABLE, STATE_LINKED.
 */
export function openStateDatabase(files: StateFiles, pace: StatePace = MACHINE_PACE): StateDatabase {
  const { database, isDamaged } = openStateFile(STATE_FILE, files);
  if (isDamaged) markLost(files.path, STATE_FILE.name);
  const file = join(files.path, STATE_FILE.name);
  try {
    takeOver(database, files);
  } catch (thrown) {
    database.close();
    throw stateError(`use ${file}`, thrown);
  }
  const log = pace.syncing(database);
  const commits = new GroupCommit(database, log, pace.groupMs);
  return {
    file,
    folder: files.path,
    database,
    commits,
    isDamaged,
    close() {
      commits.flush();
      try {
        database.close();
      } finally {
        log?.close();
      }
    },
  };
}

/** Runs `act`. Its errors become STATE_UNUSABLE or STATE_DAMAGED with the name of the file. */
export function usingState<T>({ file }: Pick<StateDatabase, 'file'>, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw stateError(`use ${file}`, thrown);
  }
}
