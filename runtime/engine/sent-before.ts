import type { Delivery } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';

/**
 * Deliveries for which the ids are kept. What an earlier process had under way comes among the first ones: a source may
 * give others between them, partitions or queues, and gives one of them again when its connection breaks.
 */
const DELIVERIES = 65_536;

/** What the sink's log says that an earlier process has sent. Forgotten once it cannot matter any more. */
export class SentBefore {
  #ids: ReadonlySet<string> | undefined;
  #left = DELIVERIES;

  constructor(ids: ReadonlySet<string>) {
    this.#ids = ids.size === 0 ? undefined : ids;
  }

  /** The frames of a delivery that are still to be sent. */
  rest({ attempt }: Delivery, frames: readonly Frame[]): readonly Frame[] {
    const ids = this.#ids;
    if (ids === undefined) return frames;
    this.#left -= 1;
    if (this.#left < 0) this.#ids = undefined;
    // Invariant 3: what nobody can have seen before is another message of the same id.
    if (attempt === 1) return frames;
    const isNew = ({ id }: Frame): boolean => id === undefined || !ids.has(id);
    return frames.every(isNew) ? frames : frames.filter(isNew);
  }
}
