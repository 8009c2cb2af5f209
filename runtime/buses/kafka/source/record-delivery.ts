import type { Delivery, Outcome } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';

/** Receives the settlements of records. */
export interface Settler {
  settled(record: RecordDelivery): void;
  /** Whether the ids of its records may be those of other records that were there before. */
  readonly isIdUnsure: boolean;
}

/** A record that was handed to the engine. */
export class RecordDelivery implements Delivery {
  readonly id: string;
  readonly frame: Frame;
  readonly attempt = undefined;
  readonly lane?: string;
  readonly bytes: number;
  /** The offset behind it, which is committed once it and all before it are settled. Written by its feed alone. */
  nextOffset: number;
  isSettled = false;
  readonly #settler: Settler;

  get isIdUnsure(): boolean {
    return this.#settler.isIdUnsure;
  }

  constructor(settler: Settler, id: string, frame: Frame, nextOffset: number, lane: string | undefined) {
    this.id = id;
    this.frame = frame;
    this.bytes = frame.body?.length ?? 0;
    this.nextOffset = nextOffset;
    this.#settler = settler;
    if (lane !== undefined) this.lane = lane;
  }

  settle(outcome: Outcome): void {
    // A released record stays uncommitted, and the next start reads it again in its place.
    if (outcome.kind === 'release' || this.isSettled) return;
    this.isSettled = true;
    this.#settler.settled(this);
  }
}
