import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '#contract/database.ts';
import type { CrashSuspects } from '#contract/crash-suspects.ts';
import { type StateFiles, stateFilesIn, openStateFile } from './open-state-file.ts';
import { stateError } from './state-error.ts';

/** The most rows: each crash leaves one a route at most. */
const MOST_ROWS = 1000;
/** A message that was not redelivered for so long is gone from its bus. */
const LONGEST_S = 30 * 86_400;

const TABLES = `
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS runs (started_at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS suspects (
  route TEXT NOT NULL, name TEXT NOT NULL, strikes INTEGER NOT NULL, inside INTEGER NOT NULL, buried INTEGER NOT NULL,
  struck_at INTEGER NOT NULL DEFAULT (unixepoch()),
  PRIMARY KEY (route, name)
) STRICT`;

const SUSPECT_FILE = {
  name: 'suspects.sqlite',
  // `SLSU`
  mark: 0x534c_5355,
  rows: /^suspects$/,
  prepare: (database: DatabaseSync): void => database.exec(TABLES),
};

const ENTER = `
INSERT INTO suspects (route, name, strikes, inside, buried) VALUES (?, ?, 0, 1, 0)
ON CONFLICT (route, name) DO UPDATE SET inside = 1`;

/** For the watchdog that ends a stuck process: the crash is counted at once, and not once more at the next start. */
const CRASH_NOTE = `
INSERT INTO suspects (route, name, strikes, inside, buried) VALUES (?, ?, 1, 0, 0)
ON CONFLICT (route, name) DO UPDATE SET strikes = strikes + 1, inside = 0, struck_at = unixepoch()`;

/** A statement with which another thread counts a crash; its parameters are the route and the name of a message. */
export interface CrashNote {
  readonly file: string;
  readonly statement: string;
}

/** Messages that may have crashed the process, and whether the last run ended cleanly. */
export interface CrashSuspectStore {
  of(route: string): CrashSuspects;
  readonly crashNote: CrashNote;
  /** The run ends cleanly: the next one begins without crash quarantine. */
  endCleanly(): void;
  close(): void;
}

/**
 * Opens the store in a state folder that this process holds, and records that a run has begun: a run
 * without `endCleanly` counts as a crash. Throws STATE_UNUSABLE.
 */
export function openCrashSuspectStore(folder: string | StateFiles): CrashSuspectStore {
  const files = typeof folder === 'string' ? stateFilesIn(folder) : folder;
  const file = join(files.path, SUSPECT_FILE.name);
  try {
    const { database, isDamaged } = openStateFile(SUSPECT_FILE, files);
    return store(database, file, isDamaged);
  } catch (thrown) {
    throw stateError(`use ${file}`, thrown);
  }
}

/** `isDamaged`: the record of a crash may be lost, so a crash is assumed. */
function store(database: Database, file: string, isDamaged: boolean): CrashSuspectStore {
  const isAfterCrash = isDamaged || database.prepare('SELECT 1 FROM runs').get() !== undefined;
  database.exec(`
    BEGIN IMMEDIATE;
    UPDATE suspects SET strikes = strikes + 1, inside = 0, struck_at = unixepoch() WHERE inside = 1;
    DELETE FROM suspects WHERE struck_at < unixepoch() - ${LONGEST_S};
    DELETE FROM suspects WHERE rowid NOT IN (SELECT rowid FROM suspects ORDER BY rowid DESC LIMIT ${MOST_ROWS});
    DELETE FROM runs;
    INSERT INTO runs VALUES ('${new Date().toISOString()}');
    COMMIT`);
  const crashCounts = new Map<string, Map<string, number>>();
  for (const row of database.prepare('SELECT route, name, strikes FROM suspects').all()) {
    const route = String(row['route']);
    const known = crashCounts.get(route) ?? new Map<string, number>();
    crashCounts.set(route, known.set(String(row['name']), Number(row['strikes'])));
  }
  const enter = database.prepare(ENTER);
  const leave = database.prepare('UPDATE suspects SET inside = 0 WHERE route = ? AND name = ?');
  const markDeadLettered = database.prepare('UPDATE suspects SET inside = 0, buried = 1 WHERE route = ? AND name = ?');
  const remove = database.prepare('DELETE FROM suspects WHERE route = ? AND name = ?');
  let isOpen = true;
  /** Without sync: a crash loses nothing of it. A power cut may, and then one crash of three is counted in error. */
  const withoutSync = (act: () => void): void => {
    if (!isOpen) return;
    try {
      database.exec('PRAGMA synchronous = NORMAL');
      act();
      database.exec('PRAGMA synchronous = FULL');
    } catch {
      // Such as a full disk: the next `enter` fails for the same reason and reports it.
    }
  };

  return {
    crashNote: { file, statement: CRASH_NOTE },
    of(route) {
      const known = crashCounts.get(route) ?? new Map<string, number>();
      return {
        isAfterCrash,
        get size() {
          return known.size;
        },
        crashCount: (name) => known.get(name) ?? 0,
        enter(name) {
          try {
            enter.run(route, name);
          } catch (thrown) {
            throw stateError(`write ${file}`, thrown);
          }
        },
        leave(name, passed) {
          const isCleared = passed || !known.has(name);
          if (isCleared) known.delete(name);
          withoutSync(() => (isCleared ? remove : leave).run(route, name));
        },
        deadLettered(name) {
          // The name of a quarantined message is kept until a clean end: its delivery may be unsettled and come again.
          withoutSync(() => markDeadLettered.run(route, name));
        },
      };
    },
    endCleanly() {
      try {
        database.exec('BEGIN IMMEDIATE; DELETE FROM suspects WHERE buried = 1; DELETE FROM runs; COMMIT');
      } catch {
        // A run that cannot record its clean end counts as a crash.
      }
    },
    close() {
      isOpen = false;
      database.close();
    },
  };
}
