import type { Delivery } from './delivery.ts';
import type { Demand } from './source.ts';

/** The dead letters of a route that are being replayed. Used by one reader. */
export interface Replay {
  /** True while `take` may give something. */
  readonly isReady: boolean;
  /**
   * The dead letters that may be sent now, oldest first, within `demand`; never waits. Each is marked durably as in flight
   * before it is returned, and its outcome is durable: accepted, the dead letter is removed; rejected, it stays with its
   * attempts added up; released, it waits to be taken again.
   */
  take(demand: Demand): readonly Delivery[];
  /** `listener` is called whenever `isReady` may have become true. One listener. */
  onReady(listener: () => void): void;
}
