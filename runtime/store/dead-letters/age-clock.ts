import type { Database, Statement } from '#contract/database.ts';
import { numberOf } from './row.ts';

/** The two clocks of a machine. */
export interface Time {
  /** Milliseconds since 1970 (UTC), by the machine's clock: it may be set, and jump. */
  readonly wallMs: () => number;
  /** Milliseconds since any moment: it never jumps. */
  readonly elapsedMs: () => number;
}

export const SYSTEM_TIME: Time = { wallMs: () => Date.now(), elapsedMs: () => performance.now() };

/** A longer stop cannot be distinguished from a clock that was set. */
const LONGEST_STOP_MS = 86_400_000;
/** The difference from the machine's clock that is reported: smaller corrections are normal. */
const JUMP_MS = 60_000;
/** How often the time is saved: a kill costs at most so much of every age. */
const SAVE_MS = 60_000;

/**
 * The clock by which letters age. It begins with the machine's clock and counts on from there, so it does not jump with it
 * while the process runs. Over restarts it never goes back, and a gap of more than a day does not count: it may be a long
 * stop, or a clock that was set months ahead, which would remove every letter.
 */
export class AgeClock {
  readonly #time: Time;
  readonly #baseMs: number;
  readonly #startedAtMs: number;
  readonly #save: readonly Statement[];
  #savedAtMs = Number.NEGATIVE_INFINITY;
  /** The lead of the machine's clock over this one. */
  #offsetMs: number;

  /** Throws the database's error. */
  constructor(database: Database, time: Time) {
    this.#time = time;
    this.#startedAtMs = time.elapsedMs();
    this.#save = ['DELETE FROM seen', 'INSERT INTO seen (at_ms) VALUES (?)'].map((sql) => database.prepare(sql));
    const wallMs = time.wallMs();
    const seen = numberOf(database.prepare('SELECT max(at_ms) AS at FROM seen').get()?.['at']);
    const died = numberOf(database.prepare('SELECT max(died_at_ms) AS at FROM dead_letters').get()?.['at']);
    // A store of an earlier version holds only the deaths of its letters, by a clock that may have been ahead.
    const lastMs = seen ?? Math.min(died ?? wallMs, wallMs);
    const gapMs = wallMs - lastMs;
    this.#baseMs = gapMs > 0 && gapMs <= LONGEST_STOP_MS ? wallMs : lastMs;
    this.#offsetMs = wallMs - this.#baseMs;
  }

  /** Milliseconds since 1970 (UTC) as this clock counts them: comparable with this clock alone. */
  nowMs(): number {
    return Math.floor(this.#baseMs + this.#time.elapsedMs() - this.#startedAtMs);
  }

  /** The lead of the machine's clock at the start: the time that does not count as age. 0: all counts. */
  get leftOutMs(): number {
    return Math.max(0, this.#offsetMs);
  }

  /** The jump of the machine's clock since the last call; undefined where there was none. */
  jumpMs(): number | undefined {
    const offsetMs = this.#time.wallMs() - this.nowMs();
    const jumpMs = offsetMs - this.#offsetMs;
    if (Math.abs(jumpMs) < JUMP_MS) return undefined;
    this.#offsetMs = offsetMs;
    return jumpMs;
  }

  /** Whether the time is due to be saved. */
  get isSaveDue(): boolean {
    return this.#time.elapsedMs() - this.#savedAtMs >= SAVE_MS;
  }

  /** Saves the time, within a transaction. */
  save(): void {
    this.#savedAtMs = this.#time.elapsedMs();
    const [remove, insert] = this.#save;
    remove?.run();
    insert?.run(this.nowMs());
  }
}
