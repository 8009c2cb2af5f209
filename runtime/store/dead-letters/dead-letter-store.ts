import { join } from 'node:path';
import type { Database } from '#contract/database.ts';
import { type DeadLetter, type DeadLetters, type LetterBounds, type LetterStanding } from '#contract/dead-letter.ts';
import type { Replay } from '#contract/replay.ts';
import { AgeClock, SYSTEM_TIME, type Time } from './age-clock.ts';
import { LetterWrites } from './writes.ts';
import { LETTER_FILE } from './layout.ts';
import { endOf, INSERT, letterBytes, numberOf, rowOf, UPDATE } from './row.ts';
import { type GoneLetters, DeadLetterQuota } from './quota.ts';
import { DeadLetterStats } from './stats.ts';
import { ReplayQueue } from './replay.ts';
import { type FolderOfFiles, folderOf, openSoundFile } from '../open-state-file.ts';
import { unusable } from '../state-error.ts';

/** How long a statement of the bridge waits for a command's commit, and everything in the process with it. */
const BUSY_MS = 10;
/** At its start it waits for one as long as that takes. */
const PATIENT_MS = 5000;
/** How soon the bridge sees what a command wrote: letters to replay, room that was made. */
const LOOK_MS = 500;

const NO_LETTERS: LetterStanding = {
  letters: 0,
  bytes: 0,
  oldestAtMs: undefined,
  discarded: { oldest: 0, age: 0, operator: 0 },
};

/** Dead letters on the local disk: durable before their deliveries are settled, bounded for each route. */
export interface DeadLetterStore extends DeadLetters {
  /** Holds a route to its bounds from now on; `onGone` hears of what gave way. Routes that nobody bounds are unbounded. */
  bound(route: string, bounds: LetterBounds, onGone: (gone: GoneLetters) => void): void;
  /** The last one known, once it is closed. */
  standing(route: string): LetterStanding;
  /** What of a route's letters is to be sent through again. */
  replay(route: string): Replay;
  /** Letters in the store. */
  count(): number;
  /** Commits what waits and lets the file go. */
  close(): void;
}

export interface LetterTime {
  readonly time?: Time;
  /** The machine's clock is not to be believed; what that means is in the text. */
  readonly onClock?: (text: string) => void;
  /** How often the store looks at what others wrote, and at ages. */
  readonly lookMs?: number;
}

/** Opens the store in a state folder that this process holds. Throws STATE_UNUSABLE, STATE_LINKED. */
export function openDeadLetterStore(
  folder: string | FolderOfFiles,
  { time = SYSTEM_TIME, onClock = () => {}, lookMs = LOOK_MS }: LetterTime = {},
): DeadLetterStore {
  const files = typeof folder === 'string' ? folderOf(folder) : folder;
  const file = join(files.path, LETTER_FILE.name);
  try {
    return store(openSoundFile(LETTER_FILE, files).database, file, { time, onClock, lookMs });
  } catch (thrown) {
    throw unusable(`write ${file}`, thrown);
  }
}

function store(database: Database, file: string, { time, onClock, lookMs }: Required<LetterTime>): DeadLetterStore {
  const insert = database.prepare(INSERT);
  const update = database.prepare(UPDATE);
  const bytesOf = database.prepare('SELECT bytes FROM dead_letters WHERE number = ?');
  const total = database.prepare('SELECT count(*) AS total FROM dead_letters');
  const version = database.prepare('PRAGMA data_version');
  const standings = new DeadLetterStats(database);
  const room = new DeadLetterQuota(database, standings);
  const group = new LetterWrites(database, {
    failure: (thrown) => unusable(`write ${file}`, thrown),
    onCommit: () => room.keep(),
    onRollback: () => {
      standings.forget();
      room.undo();
    },
  });
  const desk = new ReplayQueue(database, group, standings);
  const clock = new AgeClock(database, time);
  if (clock.leftOutMs > 0) onClock(leftOut(clock.leftOutMs));
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);

  const add = (letter: DeadLetter): void => {
    standings.of(letter.route);
    const row = insert.get(rowOf(letter, clock.nowMs()));
    standings.added(letter.route, numberOf(row?.['bytes']) ?? 0, Math.round(letter.diedAtMs));
    room.make(letter.route, numberOf(row?.['number']) ?? 0);
  };
  /** False where an operator has removed it meanwhile. */
  const renew = (letter: DeadLetter, number: number): boolean => {
    const before = numberOf(bytesOf.get(number)?.['bytes']);
    if (before === undefined) return false;
    standings.of(letter.route);
    const after = numberOf(update.get({ ...endOf(letter, clock.nowMs()), number })?.['bytes']) ?? before;
    standings.removed(letter.route, 0, before - after);
    desk.failed(number);
    return true;
  };

  const known = new Map<string, LetterStanding>();
  /** As it was last known, where the database does not answer: numbers are asked for at any time. */
  const standing = (route: string): LetterStanding => {
    try {
      if (database.isOpen) known.set(route, standings.full(route));
    } catch {
      // What is wrong with it is told by whoever wants to write.
    }
    return known.get(route) ?? NO_LETTERS;
  };

  let seen: unknown = version.get()?.['data_version'];
  const look = (): void => {
    const now = version.get()?.['data_version'];
    if (now !== seen) {
      seen = now;
      standings.forget();
      desk.look();
    }
    const jumpMs = clock.jumpMs();
    if (jumpMs !== undefined) onClock(jumped(jumpMs));
    if (clock.isUnsaved) group.add(() => clock.save()).catch(() => {});
    room.sweep(clock.nowMs(), (write) => group.add(write));
    room.report();
  };
  const looking = setInterval(() => {
    try {
      look();
    } catch {
      // Another process is at it, or the disk is: what matters is told by what is written.
    }
  }, lookMs);
  looking.unref();

  return {
    bound: (route, bounds, onGone) => room.bound(route, bounds, onGone),
    standing,
    replay: (route) => desk.of(route),
    async record(letter) {
      const { number } = letter;
      if (number !== undefined) {
        return group.add(() => {
          if (!renew(letter, number)) add(letter);
        });
      }
      const leave = room.enter(letter.route, letterBytes(letter));
      try {
        await group.add(() => add(letter));
      } finally {
        leave();
      }
    },
    count: () => Number(total.get()?.['total'] ?? 0),
    close() {
      clearInterval(looking);
      desk.close();
      if (database.isOpen) group.add(() => clock.save()).catch(() => {});
      // The last word is not given up because a command is at it.
      if (database.isOpen) database.exec(`PRAGMA busy_timeout = ${PATIENT_MS}`);
      group.flush();
      room.report();
      for (const route of room.routes) standing(route);
      if (database.isOpen) database.close();
    },
  };
}

function leftOut(ms: number): string {
  return `the machine's clock is ${inDays(ms)} ahead of what was seen last: a long stop, or a clock that was set. Letters do not age by that time`;
}

function jumped(ms: number): string {
  return `the machine's clock has jumped by ${inDays(ms)}. Letters age by the time that passes, not by the clock`;
}

function inDays(ms: number): string {
  const days = ms / 86_400_000;
  return Math.abs(days) >= 2 ? `${Math.round(days)} days` : `${Math.round(ms / 1000)} s`;
}
