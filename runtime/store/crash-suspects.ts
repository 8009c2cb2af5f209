import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '#contract/database.ts';
import type { CrashSuspects } from '#contract/crash-suspects.ts';
import { type FolderOfFiles, folderOf, openSoundFile } from './open-state-file.ts';
import { unusable } from './state-error.ts';

/** More are never kept: each end of the process leaves one a route at most. */
const MOST_ROWS = 1000;
/** Who has not come again for so long is gone from its bus. */
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

/** For whoever sees the process stuck and ends it: the crashNote is counted at once, and not once more at the next start. */
const CRASH_NOTE = `
INSERT INTO suspects (route, name, strikes, inside, buried) VALUES (?, ?, 1, 0, 0)
ON CONFLICT (route, name) DO UPDATE SET strikes = strikes + 1, inside = 0, struck_at = unixepoch()`;

/** A statement that another thread can run on a file of ours: its parameters are the route and the name of a message. */
export interface CrashNote {
  readonly file: string;
  readonly statement: string;
}

/** Who is suspected of having ended the process, and whether the last run ended well. */
export interface CrashSuspectStore {
  of(route: string): CrashSuspects;
  readonly crashNote: CrashNote;
  /** The run ends well: the next one does not begin in probation. */
  endWell(): void;
  close(): void;
}

/**
 * Opens the store in a state folder that this process holds, and writes down that a run has begun: who never
 * says that it ends well has not. Throws STATE_UNUSABLE.
 */
export function openCrashSuspectStore(folder: string | FolderOfFiles): CrashSuspectStore {
  const files = typeof folder === 'string' ? folderOf(folder) : folder;
  const file = join(files.path, SUSPECT_FILE.name);
  try {
    const { database, isDamaged } = openSoundFile(SUSPECT_FILE, files);
    return store(database, file, isDamaged);
  } catch (thrown) {
    throw unusable(`use ${file}`, thrown);
  }
}

/** `isDamaged`: what a crash has left may be lost, so there was one. */
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
  const survive = database.prepare('UPDATE suspects SET inside = 0 WHERE route = ? AND name = ?');
  const bury = database.prepare('UPDATE suspects SET inside = 0, buried = 1 WHERE route = ? AND name = ?');
  const forget = database.prepare('DELETE FROM suspects WHERE route = ? AND name = ?');
  let isOpen = true;
  /** A crash forgets nothing of it; a power cut may, and then one of three strikes is unjust. */
  const hastily = (act: () => void): void => {
    if (!isOpen) return;
    try {
      database.exec('PRAGMA synchronous = NORMAL');
      act();
      database.exec('PRAGMA synchronous = FULL');
    } catch {
      // The disk is full, say: the next `enter` meets it too, and that one is heard.
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
            throw unusable(`write ${file}`, thrown);
          }
        },
        leave(name, passed) {
          const isForgotten = passed || !known.has(name);
          if (isForgotten) known.delete(name);
          hastily(() => (isForgotten ? forget : survive).run(route, name));
        },
        deadLettered(name) {
          // Who was sentenced stays known until a clean end: its delivery may not be settled yet and come again.
          hastily(() => bury.run(route, name));
        },
      };
    },
    endWell() {
      try {
        database.exec('BEGIN IMMEDIATE; DELETE FROM suspects WHERE buried = 1; DELETE FROM runs; COMMIT');
      } catch {
        // A run that cannot say that it ended well has not.
      }
    },
    close() {
      isOpen = false;
      database.close();
    },
  };
}
