import { after } from '#kit/timer.ts';

/** Time as the engine reads it; a simulation replaces it. */
export interface Clock {
  /** Milliseconds since 1970 (UTC), for comparison with stored times. It jumps when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds since an arbitrary moment, for durations: it does not jump when the machine's clock is set. */
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
