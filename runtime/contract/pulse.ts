import type { Delivery } from './delivery.ts';

/**
 * A note of what the event loop is busy with, readable from outside of it: who never comes back cannot tell any more.
 * One for each route; written around every call of a stage, so it costs next to nothing (test/bench/poison.ts).
 */
export interface Pulse {
  /** `stage`: its position in the route. */
  begin(stage: number, delivery: Delivery): void;
  /** The call has returned, be it with a promise. */
  end(): void;
}
