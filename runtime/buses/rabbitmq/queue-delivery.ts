import type { Delivery, Outcome } from '#contract/delivery.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Acks, Tagged } from './client/acks.ts';

/** A delivery with its delivery tag, which is valid on one channel only. */
export class QueueDelivery implements Delivery, Tagged {
  readonly id: string;
  readonly frame: Frame;
  readonly attempt: number | undefined;
  readonly isNumberedHere: boolean;
  readonly fault?: SluiceError;
  readonly bytes: number;
  readonly tag: number;
  readonly acks: Acks;
  /** In a stream; 0 elsewhere. */
  readonly offset: number;
  isSettled = false;
  readonly #settle: (arrival: QueueDelivery, outcome: Outcome) => void;

  constructor(
    delivery: Pick<Delivery, 'id' | 'frame' | 'attempt' | 'isNumberedHere' | 'fault'>,
    channel: { readonly tag: number; readonly acks: Acks; readonly offset: number },
    settle: (arrival: QueueDelivery, outcome: Outcome) => void,
  ) {
    this.id = delivery.id;
    this.frame = delivery.frame;
    this.attempt = delivery.attempt;
    this.isNumberedHere = delivery.isNumberedHere === true;
    if (delivery.fault !== undefined) this.fault = delivery.fault;
    this.bytes = delivery.frame.body?.length ?? 0;
    this.tag = channel.tag;
    this.acks = channel.acks;
    this.offset = channel.offset;
    this.#settle = settle;
  }

  settle(outcome: Outcome): void {
    this.#settle(this, outcome);
  }
}
