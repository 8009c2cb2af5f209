import type { Delivery, Outcome, Shared } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import type { Stretch } from './open-records.ts';

/** Receives the settlements of records. */
export interface Settler {
  settled(record: RecordDelivery): void;
  /** Whether the ids of its records may be those of other records that were there before. */
  readonly isIdUnsure: boolean;
  /** Whether another process may have its records by now. */
  readonly isRevoked: boolean;
  isDurable(record: RecordDelivery): boolean;
  whenDurable(record: RecordDelivery): Promise<void>;
}

export interface ReadRecord {
  readonly id: string;
  readonly frame: Frame;
  /** The offset behind it. */
  readonly nextOffset: number;
  readonly lane: string | undefined;
  readonly mayBeRepeat: boolean;
}

/** A record that was handed to the engine. */
export class RecordDelivery implements Delivery, Shared, Stretch {
  readonly id: string;
  readonly frame: Frame;
  readonly attempt = undefined;
  readonly lane?: string;
  readonly bytes: number;
  /** True among the first ones after the partition was given to this process. */
  readonly mayBeRepeat: boolean;
  /** The offset behind it, which is committed once it and all before it are settled. */
  nextOffset: number;
  isSettled = false;
  before: Stretch | undefined = undefined;
  after: Stretch | undefined = undefined;
  isLinked = false;
  /** The number of the commit that holds its settlement. Written by its feed alone. */
  commit = 0;
  readonly #settler: Settler;

  get isIdUnsure(): boolean {
    return this.#settler.isIdUnsure;
  }

  get shared(): Shared {
    return this;
  }

  get isRevoked(): boolean {
    return this.#settler.isRevoked;
  }

  get isDurable(): boolean {
    return this.#settler.isDurable(this);
  }

  constructor(settler: Settler, { id, frame, nextOffset, lane, mayBeRepeat }: ReadRecord) {
    this.id = id;
    this.frame = frame;
    this.bytes = frame.body?.length ?? 0;
    this.mayBeRepeat = mayBeRepeat;
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

  whenDurable(): Promise<void> {
    return this.#settler.whenDurable(this);
  }
}
