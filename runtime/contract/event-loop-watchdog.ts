import type { Delivery } from './delivery.ts';

/** The steps of the walk beside its stages, in the place of a stage's position. */
export const STEPS = { decode: -2, encode: -1 } as const;

/**
 * A note of what the event loop is busy with, readable from outside of it: who never comes back cannot tell any more.
 * One for each route; written around every step that looks at a body, so it costs next to nothing (test/bench/poison.ts).
 */
export interface EventLoopWatchdog {
  /** `step`: the position of a stage in the route, or one of STEPS. */
  begin(step: number, delivery: Delivery): void;
  /** The call has returned, be it with a promise, or has thrown. */
  end(): void;
}
