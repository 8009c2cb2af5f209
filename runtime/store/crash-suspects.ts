import type { CrashSuspects } from '#contract/crash-suspects.ts';
import { type StateDatabase, usingState } from './state-database.ts';
import { stateError } from './state-error.ts';

/** The most rows: each crash leaves one a route at most. */
const MOST_ROWS = 1000;
/** A message that was not redelivered for so long is gone from its bus. */
const LONGEST_S = 30 * 86_400;

const ENTER = `
INSERT INTO suspects (route, name, crash_count, inside, dead_lettered) VALUES (?, ?, 0, 1, 0)
ON CONFLICT (route, name) DO UPDATE SET inside = 1`;

/** For the watchdog that ends a stuck process: the crash is counted at once, and not once more at the next start. */
const CRASH_NOTE = `
INSERT INTO suspects (route, name, crash_count, inside, dead_lettered) VALUES (?, ?, 1, 0, 0)
ON CONFLICT (route, name) DO UPDATE SET crash_count = crash_count + 1, inside = 0, crashed_at = unixepoch()`;

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
}

/**
 * Records in `state.sqlite` that a run has begun: a run without `endCleanly` counts as a crash. To be called once a run. Throws
 * STATE_UNUSABLE.
 */
export function beginRun(state: StateDatabase): CrashSuspectStore {
  return usingState(state, () => storeIn(state));
}

function storeIn({ database, file, isDamaged }: StateDatabase): CrashSuspectStore {
  // Where the file was damaged, the record of a crash may be lost: a crash is assumed.
  const isAfterCrash = isDamaged || database.prepare('SELECT 1 FROM runs').get() !== undefined;
  database.exec(`
    BEGIN IMMEDIATE;
    UPDATE suspects SET crash_count = crash_count + 1, inside = 0, crashed_at = unixepoch() WHERE inside = 1;
    DELETE FROM suspects WHERE crashed_at < unixepoch() - ${LONGEST_S};
    DELETE FROM suspects WHERE rowid NOT IN (SELECT rowid FROM suspects ORDER BY rowid DESC LIMIT ${MOST_ROWS});
    DELETE FROM runs;
    INSERT INTO runs VALUES ('${new Date().toISOString()}');
    COMMIT`);
  const crashCounts = new Map<string, Map<string, number>>();
  for (const row of database.prepare('SELECT route, name, crash_count FROM suspects').all()) {
    const route = String(row['route']);
    const known = crashCounts.get(route) ?? new Map<string, number>();
    crashCounts.set(route, known.set(String(row['name']), Number(row['crash_count'])));
  }
  const enter = database.prepare(ENTER);
  const leave = database.prepare('UPDATE suspects SET inside = 0 WHERE route = ? AND name = ?');
  const markDeadLettered = database.prepare(
    'UPDATE suspects SET inside = 0, dead_lettered = 1 WHERE route = ? AND name = ?',
  );
  const remove = database.prepare('DELETE FROM suspects WHERE route = ? AND name = ?');
  /** Without sync: a crash loses nothing of it. A power cut may, and then one crash of three is counted in error. */
  const withoutSync = (act: () => void): void => {
    if (!database.isOpen) return;
    try {
      database.exec('PRAGMA synchronous = NORMAL');
      try {
        act();
      } finally {
        database.exec('PRAGMA synchronous = FULL');
      }
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
        database.exec('BEGIN IMMEDIATE; DELETE FROM suspects WHERE dead_lettered = 1; DELETE FROM runs; COMMIT');
      } catch {
        // A run that cannot record its clean end counts as a crash.
      }
    },
  };
}
