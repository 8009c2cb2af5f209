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
  /** `commit`: the number of the commit that holds the settlement. */
  isDurable(commit: number): boolean;
  whenDurable(commit: number): Promise<void>;
}

export interface ReadRecord {
  readonly id: string;
  readonly frame: Frame;
  /** The offset behind it. */
  readonly nextOffset: number;
  readonly lane: string | undefined;
  readonly mayBeRepeat: boolean;
}

/**
 * The standing of a record within the group. The engine keeps it until the record is durable, which can be long after it is settled:
 * so it holds nothing of the record itself.
 */
export class RecordStanding implements Shared {
  /** True among the first ones after the partition was given to this process. */
  readonly mayBeRepeat: boolean;
  /** The number of the commit that holds the settlement. Written by the feed alone. */
  commit = 0;
  readonly #settler: Settler;

  constructor(settler: Settler, mayBeRepeat: boolean) {
    this.#settler = settler;
    this.mayBeRepeat = mayBeRepeat;
  }

  get isRevoked(): boolean {
    return this.#settler.isRevoked;
  }

  get isDurable(): boolean {
    return this.#settler.isDurable(this.commit);
  }

  whenDurable(): Promise<void> {
    return this.#settler.whenDurable(this.commit);
  }
}

/** A record that was handed to the engine. */
export class RecordDelivery implements Delivery, Stretch {
  readonly id: string;
  readonly frame: Frame;
  readonly attempt = undefined;
  readonly lane?: string;
  readonly bytes: number;
  readonly shared: RecordStanding;
  /** The offset behind it, which is committed once it and all before it are settled. */
  nextOffset: number;
  isSettled = false;
  before: Stretch | undefined = undefined;
  after: Stretch | undefined = undefined;
  isLinked = false;
  readonly #settler: Settler;

  get isIdUnsure(): boolean {
    return this.#settler.isIdUnsure;
  }

  constructor(settler: Settler, { id, frame, nextOffset, lane, mayBeRepeat }: ReadRecord) {
    this.id = id;
    this.frame = frame;
    this.bytes = frame.body?.length ?? 0;
    this.shared = new RecordStanding(settler, mayBeRepeat);
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
