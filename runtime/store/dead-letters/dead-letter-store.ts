import { join } from 'node:path';
import type { Database } from '#contract/database.ts';
import { type DeadLetter, type DeadLetters, type LetterBounds, type LetterCounts } from '#contract/dead-letter.ts';
import type { Replay } from '#contract/replay.ts';
import { AgeClock, SYSTEM_TIME, type Time } from './age-clock.ts';
import { LetterWrites } from './writes.ts';
import { LETTER_FILE } from './layout.ts';
import { endOf, INSERT, letterBytes, numberOf, rowOf, UPDATE } from './row.ts';
import { type DiscardedLetters, DeadLetterQuota } from './quota.ts';
import { DeadLetterStats } from './stats.ts';
import { ReplayQueue } from './replay.ts';
import { type StateFiles, stateFilesIn, openStateFile } from '../open-state-file.ts';
import { stateError } from '../state-error.ts';

/** How long a statement of the bridge waits for a command's commit; the whole process waits with it. */
const BUSY_MS = 10;
/** The same at its end, whose writes are the last. */
const CLOSE_BUSY_MS = 5000;
/** How often the bridge checks for a command's changes: replay requests, discarded letters. */
const POLL_MS = 500;

const NO_LETTERS: LetterCounts = {
  letters: 0,
  bytes: 0,
  oldestAtMs: undefined,
  discarded: { oldest: 0, age: 0, operator: 0 },
};

/** Dead letters on the local disk: durable before their deliveries are settled, bounded for each route. */
export interface DeadLetterStore extends DeadLetters {
  /** Bounds a route's letters; `onDiscarded` reports removed ones. A route without this call is unbounded. */
  bound(route: string, bounds: LetterBounds, onDiscarded: (gone: DiscardedLetters) => void): void;
  /** After closing: the last counts that were read. */
  counts(route: string): LetterCounts;
  /** The route's letters in replay. */
  replay(route: string): Replay;
  /** Letters in the store. */
  count(): number;
  /** Commits waiting writes and closes the file. */
  close(): void;
}

export interface LetterTime {
  readonly time?: Time;
  /** The machine's clock has jumped; the text states the consequence. */
  readonly onClock?: (text: string) => void;
  /** How often the store checks ages and the changes of commands. */
  readonly pollMs?: number;
}

/** Opens the store in a state folder that this process holds. Throws STATE_UNUSABLE, STATE_LINKED. */
export function openDeadLetterStore(
  folder: string | StateFiles,
  { time = SYSTEM_TIME, onClock = () => {}, pollMs = POLL_MS }: LetterTime = {},
): DeadLetterStore {
  const files = typeof folder === 'string' ? stateFilesIn(folder) : folder;
  const file = join(files.path, LETTER_FILE.name);
  try {
    return store(openStateFile(LETTER_FILE, files).database, file, { time, onClock, pollMs });
  } catch (thrown) {
    throw stateError(`write ${file}`, thrown);
  }
}

function store(database: Database, file: string, { time, onClock, pollMs }: Required<LetterTime>): DeadLetterStore {
  const insert = database.prepare(INSERT);
  const update = database.prepare(UPDATE);
  const bytesOf = database.prepare('SELECT bytes FROM dead_letters WHERE number = ?');
  const total = database.prepare('SELECT count(*) AS total FROM dead_letters');
  const version = database.prepare('PRAGMA data_version');
  const stats = new DeadLetterStats(database);
  const quota = new DeadLetterQuota(database, stats);
  const group = new LetterWrites(database, {
    failure: (thrown) => stateError(`write ${file}`, thrown),
    onCommit: () => quota.committed(),
    onRollback: () => {
      stats.forget();
      quota.rolledBack();
    },
  });
  const replays = new ReplayQueue(database, group, stats);
  const clock = new AgeClock(database, time);
  if (clock.leftOutMs > 0) onClock(leftOut(clock.leftOutMs));
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);

  const add = (letter: DeadLetter): number => {
    stats.of(letter.route);
    const row = insert.get(rowOf(letter, clock.nowMs()));
    stats.added(letter.route, numberOf(row?.['bytes']) ?? 0, Math.round(letter.diedAtMs));
    const number = numberOf(row?.['number']) ?? 0;
    quota.makeRoom(letter.route, number);
    return number;
  };
  /** False where an operator has removed the letter meanwhile. */
  const renew = (letter: DeadLetter, number: number): boolean => {
    const before = numberOf(bytesOf.get(number)?.['bytes']);
    if (before === undefined) return false;
    stats.of(letter.route);
    const after = numberOf(update.get({ ...endOf(letter, clock.nowMs()), number })?.['bytes']) ?? before;
    stats.removed(letter.route, 0, before - after);
    replays.failed(number);
    return true;
  };

  const known = new Map<string, LetterCounts>();
  /** The last counts that were read, if the database fails: metrics are read at any time. */
  const counts = (route: string): LetterCounts => {
    try {
      if (database.isOpen) known.set(route, stats.full(route));
    } catch {
      // The next write reports the error.
    }
    return known.get(route) ?? NO_LETTERS;
  };

  let seen: unknown = version.get()?.['data_version'];
  const poll = (): void => {
    const now = version.get()?.['data_version'];
    if (now !== seen) {
      seen = now;
      stats.forget();
      replays.refresh();
    }
    const jumpMs = clock.jumpMs();
    if (jumpMs !== undefined) onClock(jumped(jumpMs));
    if (clock.isSaveDue) group.add(() => clock.save()).catch(() => {});
    quota.sweep(clock.nowMs(), (write) => group.add(write));
    quota.report();
  };
  const polling = setInterval(() => {
    try {
      poll();
    } catch {
      // Another process holds the file, or the disk fails: the next write reports it.
    }
  }, pollMs);
  polling.unref();

  return {
    bound: (route, bounds, onDiscarded) => quota.bound(route, bounds, onDiscarded),
    counts,
    replay: (route) => replays.of(route),
    async record(letter) {
      const { number } = letter;
      let written = number;
      if (number !== undefined) {
        await group.add(() => {
          if (!renew(letter, number)) written = add(letter);
        });
        return written;
      }
      const release = quota.reserve(letter.route, letterBytes(letter));
      try {
        await group.add(() => {
          written = add(letter);
        });
      } finally {
        release();
      }
      return written;
    },
    count: () => Number(total.get()?.['total'] ?? 0),
    close() {
      clearInterval(polling);
      replays.close();
      if (database.isOpen) group.add(() => clock.save()).catch(() => {});
      // The last writes wait longer for a command's commit.
      if (database.isOpen) database.exec(`PRAGMA busy_timeout = ${CLOSE_BUSY_MS}`);
      group.flush();
      quota.report();
      for (const route of quota.routes) counts(route);
      if (database.isOpen) database.close();
    },
  };
}

function leftOut(ms: number): string {
  return `the machine's clock is ${inDays(ms)} ahead of the last time seen: a long stop, or a clock that was set. Letters do not age by that time`;
}

function jumped(ms: number): string {
  return `the machine's clock has jumped by ${inDays(ms)}. Letters age by the time that passes, not by the clock`;
}

function inDays(ms: number): string {
  const days = ms / 86_400_000;
  return Math.abs(days) >= 2 ? `${Math.round(days)} days` : `${Math.round(ms / 1000)} s`;
}
