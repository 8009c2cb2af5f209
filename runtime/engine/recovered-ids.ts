import type { Delivery } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';

/**
 * Deliveries for which the ids are kept, beside some for each id. What an earlier process had under way comes among the
 * first ones: a source may give others between them, partitions or queues, and gives one of them again when its
 * connection breaks.
 */
const DELIVERIES = 65_536;
const PER_ID = 2;

/** What the sink's log says that an earlier process has sent. Forgotten once it cannot matter any more. */
export class RecoveredIds {
  #ids: ReadonlyMap<string, number> | undefined;
  #left: number;
  readonly #onOther: (frame: Frame) => void;

  /** As RecoveredLog.ids. `onOther`: a frame wears one of the ids and is too young to be what was sent. */
  constructor(ids: ReadonlyMap<string, number>, onOther: (frame: Frame) => void) {
    this.#ids = ids;
    this.#left = DELIVERIES + PER_ID * ids.size;
    this.#onOther = onOther;
  }

  /** The frames of a delivery that are still to be sent. */
  rest({ attempt }: Delivery, frames: readonly Frame[]): readonly Frame[] {
    if (this.#ids === undefined) return frames;
    this.#left -= 1;
    if (this.#left < 0) this.#ids = undefined;
    // Invariant 3: what nobody can have seen before is another message of the same id.
    if (attempt === 1) return frames;
    const rest = frames.filter((frame) => !this.#holds(frame));
    return rest.length === frames.length ? frames : rest;
  }

  #holds(frame: Frame): boolean {
    const latestMs = frame.id === undefined ? undefined : this.#ids?.get(frame.id);
    if (latestMs === undefined) return false;
    if (frame.timestampMs === undefined || frame.timestampMs <= latestMs) return true;
    // A source that begins anew gives its old coordinates to new messages.
    this.#onOther(frame);
    return false;
  }
}
