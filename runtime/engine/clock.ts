/** Time as the engine sees it, so that a simulation can hold it in its hands. */
export interface Clock {
  /** Milliseconds since 1970 (UTC). */
  nowMs(): number;
  /** Runs once after `ms`; the function returned cancels it. */
  after(ms: number, run: () => void): () => void;
  /** [0, 1), for jitter. */
  readonly random: () => number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
