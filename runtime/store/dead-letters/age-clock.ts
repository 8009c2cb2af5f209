import type { Database, Statement } from '#contract/database.ts';
import { numberOf } from './row.ts';

/** Where time comes from. */
export interface Time {
  /** Milliseconds since 1970 (UTC), as the machine's clock has it: it may be set, and jump. */
  readonly wallMs: () => number;
  /** Milliseconds since any moment: it never jumps. */
  readonly elapsedMs: () => number;
}

export const SYSTEM_TIME: Time = { wallMs: () => Date.now(), elapsedMs: () => performance.now() };

/** A stop that is longer cannot be told from a clock that was set. */
const LONGEST_STOP_MS = 86_400_000;
/** How far the machine's clock may run away from this one before that is said: it is slewed and stepped all the time. */
const JUMP_MS = 60_000;
/** What a kill costs of the age of everything, at most. */
const SAVE_MS = 60_000;

/**
 * The time by which letters age. It begins with the machine's clock and is counted on from there, so it does not jump with
 * it while the process runs; over restarts it never goes back, and a gap of more than a day is left out: it may be a long
 * stop, and it may be a clock that was set months ahead, which would remove every letter.
 */
export class AgeClock {
  readonly #time: Time;
  readonly #baseMs: number;
  readonly #startedAtMs: number;
  readonly #save: readonly Statement[];
  #savedAtMs = Number.NEGATIVE_INFINITY;
  /** How far the machine's clock is ahead of this one. */
  #offsetMs: number;

  /** Throws what the database says. */
  constructor(database: Database, time: Time) {
    this.#time = time;
    this.#startedAtMs = time.elapsedMs();
    this.#save = ['DELETE FROM seen', 'INSERT INTO seen (at_ms) VALUES (?)'].map((sql) => database.prepare(sql));
    const wallMs = time.wallMs();
    const seen = numberOf(database.prepare('SELECT max(at_ms) AS at FROM seen').get()?.['at']);
    const died = numberOf(database.prepare('SELECT max(died_at_ms) AS at FROM dead_letters').get()?.['at']);
    // A store of an earlier version saw nothing but the deaths of its letters, by a clock that may have been ahead.
    const lastMs = seen ?? Math.min(died ?? wallMs, wallMs);
    const gapMs = wallMs - lastMs;
    this.#baseMs = gapMs > 0 && gapMs <= LONGEST_STOP_MS ? wallMs : lastMs;
    this.#offsetMs = wallMs - this.#baseMs;
  }

  /** Milliseconds since 1970 (UTC), or since what was taken for it: to be compared with this clock alone. */
  nowMs(): number {
    return Math.floor(this.#baseMs + this.#time.elapsedMs() - this.#startedAtMs);
  }

  /** How far the machine's clock was ahead of what was seen last, at the start: what does not count as age. 0: all counts. */
  get leftOutMs(): number {
    return Math.max(0, this.#offsetMs);
  }

  /** How far the machine's clock has jumped since this was asked last; undefined where it has not. */
  jumpMs(): number | undefined {
    const offsetMs = this.#time.wallMs() - this.nowMs();
    const jumpMs = offsetMs - this.#offsetMs;
    if (Math.abs(jumpMs) < JUMP_MS) return undefined;
    this.#offsetMs = offsetMs;
    return jumpMs;
  }

  /** Whether it is time to write down what was reached. */
  get isUnsaved(): boolean {
    return this.#time.elapsedMs() - this.#savedAtMs >= SAVE_MS;
  }

  /** Writes it down, within a transaction. */
  save(): void {
    this.#savedAtMs = this.#time.elapsedMs();
    const [remove, insert] = this.#save;
    remove?.run();
    insert?.run(this.nowMs());
  }
}
