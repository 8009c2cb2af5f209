import { after } from '#kit/timer.ts';

/** Time as the engine sees it, so that a simulation can hold it in its hands. */
export interface Clock {
  /** Milliseconds since 1970 (UTC), to be compared with what others wrote down. It jumps when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds since any moment, for how long something lasts: it does not jump when somebody sets the clock. */
  elapsedMs(): number;
  /** Runs once after `ms`; the function returned cancels it. */
  after(ms: number, run: () => void): () => void;
  /** [0, 1), for jitter. */
  readonly random: () => number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  after,
  random: Math.random,
};
