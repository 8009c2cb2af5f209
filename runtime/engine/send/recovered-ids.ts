import type { Delivery } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import type { LoggedTime } from '#contract/sink.ts';

/**
 * How many deliveries the ids are kept for, plus some for each id. The deliveries that an earlier process had in flight
 * come among the first ones: a source may give others between them (partitions, queues), and redelivers some of them when
 * its connection breaks.
 */
const DELIVERIES = 65_536;
const PER_ID = 2;

/**
 * Ids of frames that an earlier process sent, as found in the sink's log. Deliveries are compared with them until they cannot
 * come again; `wasStored` answers as long as the route runs.
 */
export class RecoveredIds {
  readonly #ids: ReadonlyMap<string, LoggedTime>;
  /** How many further deliveries are compared. */
  #left: number;
  readonly #onOther: (frame: Frame) => void;

  /** `ids`: as RecoveredLog.ids. `onOther`: called for a frame with one of the ids that is not the stored one, or may not be. */
  constructor(ids: ReadonlyMap<string, LoggedTime>, onOther: (frame: Frame) => void) {
    this.#ids = ids;
    this.#left = DELIVERIES + PER_ID * ids.size;
    this.#onOther = onOther;
  }

  /** Whether the log held a frame of that id at the start. Answered for as long as the route runs. */
  wasStored(id: string): boolean {
    return this.#ids.has(id);
  }

  /** The frames of a delivery that are still to be sent. */
  rest({ attempt, isIdUnsure = false }: Delivery, frames: readonly Frame[]): readonly Frame[] {
    if (this.#left === 0) return frames;
    this.#left -= 1;
    // Invariant 3: a first delivery cannot have been sent before, so it is another message with the same id.
    if (attempt === 1) return frames;
    const rest = frames.filter((frame) => !this.#holds(frame, isIdUnsure));
    return rest.length === frames.length ? frames : rest;
  }

  #holds(frame: Frame, isIdUnsure: boolean): boolean {
    const logged = frame.id === undefined ? undefined : this.#ids.get(frame.id);
    if (logged === undefined) return false;
    if (isSame(frame.timestampMs, logged, isIdUnsure)) return true;
    // A source that was made again gives the coordinates of old messages to new ones.
    this.#onOther(frame);
    return false;
  }
}

/**
 * Whether the frame with the id is the stored one. In doubt it is not: a repetition costs less than a loss. A time that the
 * bus wrote proves only that the stored one was made before it, and no more than that if an id is unsure.
 */
function isSame(madeMs: number | undefined, { latestMs, ownMs }: LoggedTime, isIdUnsure: boolean): boolean {
  if (madeMs === undefined) return !isIdUnsure;
  return ownMs === undefined ? !isIdUnsure && madeMs <= latestMs : madeMs === ownMs;
}
