import type { Delivery } from './delivery.ts';
import type { Demand } from './source.ts';

/** Letters on their way back into their route, beside its source. Used by one reader. */
export interface Replay {
  /** True while `take` may give something. */
  readonly isReady: boolean;
  /**
   * What may go now, oldest first, within `room`; never waits. Each is marked as under way before it is given, and
   * ends durably: accepted, the letter is removed; rejected, it is the same letter with its attempts added up; given
   * back, it waits to be taken again.
   */
  take(room: Demand): readonly Delivery[];
  /** `listener` is called whenever `isReady` may have become true. One listener. */
  onReady(listener: () => void): void;
}
