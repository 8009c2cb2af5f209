import type { Delivery } from './delivery.ts';

/** The steps of the line other than its stages, as values beside the positions of stages. */
export const STEPS = { decode: -2, encode: -1 } as const;

/**
 * Records which step the event loop executes, for a thread outside of it: a step that never returns cannot report itself.
 * One for each route. Written around every step that reads a body, so its cost is small (test/bench/poison.ts).
 */
export interface EventLoopWatchdog {
  /** `step`: the position of a stage in the route, or one of STEPS. */
  begin(step: number, delivery: Delivery): void;
  /** To be called when the step has returned (a promise or not) or thrown. */
  end(): void;
}
