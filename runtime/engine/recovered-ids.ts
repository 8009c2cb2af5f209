import type { Delivery } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';

/**
 * How many deliveries the ids are kept for, plus some for each id. The deliveries that an earlier process had in flight
 * come among the first ones: a source may give others between them (partitions, queues), and redelivers some of them when
 * its connection breaks.
 */
const DELIVERIES = 65_536;
const PER_ID = 2;

/** Ids of frames that an earlier process sent, as found in the sink's log. Dropped once they cannot come again. */
export class RecoveredIds {
  #ids: ReadonlyMap<string, number> | undefined;
  #left: number;
  readonly #onOther: (frame: Frame) => void;

  /** `ids`: as RecoveredLog.ids. `onOther`: called for a frame with one of the ids that is too young to be the stored one. */
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
    // Invariant 3: a first delivery cannot have been sent before, so it is another message with the same id.
    if (attempt === 1) return frames;
    const rest = frames.filter((frame) => !this.#holds(frame));
    return rest.length === frames.length ? frames : rest;
  }

  #holds(frame: Frame): boolean {
    const latestMs = frame.id === undefined ? undefined : this.#ids?.get(frame.id);
    if (latestMs === undefined) return false;
    if (frame.timestampMs === undefined || frame.timestampMs <= latestMs) return true;
    // A source that was made again gives the coordinates of old messages to new ones.
    this.#onOther(frame);
    return false;
  }
}
