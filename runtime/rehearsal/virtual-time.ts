import { mulberry32 } from '#kit/mulberry32.ts';
import type { Clock } from '../engine/clock.ts';
import type { Activity } from './activity.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** The time of stand-ins. */
export interface StandInTime {
  /** In milliseconds since 1970 (UTC). */
  readonly nowMs: number;
  /** Since the start. */
  readonly passedMs: number;
  after(ms: number, run: () => void): () => void;
}

/** Time that stands still until it is told to go on, and chance that repeats itself. */
export class VirtualTime implements StandInTime {
  readonly #activity: Activity;
  readonly #startMs: number;
  readonly #random: () => number;
  #passedMs = 0;
  #order = 0;
  /** A binary heap by time, then by order. */
  readonly #timers: Timer[] = [];

  constructor(startMs: number, activity: Activity) {
    this.#startMs = startMs;
    this.#activity = activity;
    this.#random = mulberry32(1);
  }

  /** Since the start. */
  get passedMs(): number {
    return this.#passedMs;
  }

  get nowMs(): number {
    return this.#startMs + this.#passedMs;
  }

  /** The clock of one process: its timers end with it. */
  clock(life: { readonly isOver: boolean }): Clock {
    return {
      nowMs: () => this.nowMs,
      elapsedMs: () => this.#passedMs,
      random: this.#random,
      after: (ms, run) => {
        if (life.isOver) return () => {};
        return this.after(ms, () => {
          if (!life.isOver) run();
        });
      },
    };
  }

  after(ms: number, run: () => void): () => void {
    if (ms <= 0) return this.#now(run);
    const timer: Timer = { atMs: this.#passedMs + ms, order: (this.#order += 1), run, isCancelled: false };
    this.#push(timer);
    return () => {
      timer.isCancelled = true;
    };
  }

  /** A turn of the event loop, as a timer of 0 ms is for a process: no time has to go on for it. */
  #now(run: () => void): () => void {
    this.#activity.happened();
    const turn = setImmediate(() => {
      this.#activity.happened();
      run();
    });
    return () => clearImmediate(turn);
  }

  /** Lets so much time pass: one timer after the other, each once nothing more happens at the moment before. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#passedMs + ms;
    await this.#activity.quiet();
    while (await this.step(untilMs));
    this.#passedMs = untilMs;
    await this.#activity.quiet();
  }

  /** Goes on to the next timer, at the latest to `untilMs` after the start. False where none is due by then. */
  async step(untilMs: number): Promise<boolean> {
    const due = this.#next();
    if (due === undefined || due.atMs > untilMs) return false;
    this.#passedMs = Math.max(this.#passedMs, due.atMs);
    for (let timer = this.#next(); timer !== undefined && timer.atMs <= this.#passedMs; timer = this.#next()) {
      this.#pop();
      timer.run();
    }
    this.#activity.happened();
    await this.#activity.quiet();
    return true;
  }

  #next(): Timer | undefined {
    while (this.#timers[0]?.isCancelled === true) this.#pop();
    return this.#timers[0];
  }

  #push(timer: Timer): void {
    const timers = this.#timers;
    let at = timers.push(timer) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = timers[above];
      if (parent === undefined || isBefore(parent, timer)) break;
      timers[at] = parent;
      timers[above] = timer;
      at = above;
    }
  }

  #pop(): void {
    const timers = this.#timers;
    const last = timers.pop();
    if (last === undefined || timers.length === 0) return;
    timers[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [timers[left], timers[left + 1]];
      if (one === undefined) return;
      const [child, least] = other !== undefined && isBefore(other, one) ? [left + 1, other] : [left, one];
      if (isBefore(last, least)) return;
      timers[at] = least;
      timers[child] = last;
      at = child;
    }
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
