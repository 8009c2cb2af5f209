import { mulberry32 } from '#kit/mulberry32.ts';
import type { Clock } from '../../runtime/engine/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that stands still until it is told to go on, and chance that repeats itself: everything from one seed. */
export class VirtualClock implements Clock {
  readonly random: () => number;
  #nowMs = 1_000_000;
  #setByMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(seed: number) {
    this.random = mulberry32(seed);
  }

  nowMs(): number {
    return this.#nowMs + this.#setByMs;
  }

  /** Somebody sets the machine's clock, by so much: no time has passed. */
  set(byMs: number): void {
    this.#setByMs += byMs;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, order: (this.#order += 1), run };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Resolves after that much virtual time. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** An integer from 0 to below `bound`. */
  pick(bound: number): number {
    return Math.floor(this.random() * bound);
  }

  /** Lets time go on, one timer after the other, until `isOver`; throws when nothing is left to happen or too much happens. */
  async play(isOver: () => boolean, steps = 100_000): Promise<void> {
    let idle = 0;
    for (let step = 0; step < steps; step += 1) {
      await new Promise(setImmediate);
      if (isOver()) return;
      const next = this.#next();
      if (next === undefined) {
        // The route itself lets the event loop turn now and then.
        if ((idle += 1) > 5) throw new Error(`wedged at ${this.#nowMs - 1_000_000} ms: nothing is left to happen`);
        continue;
      }
      idle = 0;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    throw new Error(`not over after ${steps} steps`);
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (first === undefined || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}
