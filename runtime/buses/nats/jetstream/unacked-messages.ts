import type { Delivery, Outcome } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import { IntMap } from '#kit/int-map.ts';

/** A message that the server has delivered and that is not acknowledged yet. */
export class UnackedMessage implements Delivery {
  readonly id: string;
  readonly frame: Frame;
  readonly attempt: number | undefined;
  readonly sequence: number;
  readonly bytes: number;
  /** The subject that acknowledges it; a redelivery has another one. */
  reply: Uint8Array;
  /** Given back unsettled: it is not acknowledged, and its ack wait is no longer extended. */
  released = false;
  readonly #settle: (message: UnackedMessage, outcome: Outcome) => void;

  constructor(
    delivery: Pick<Delivery, 'id' | 'frame' | 'attempt'>,
    server: { readonly sequence: number; readonly bytes: number; readonly reply: Uint8Array },
    settle: (message: UnackedMessage, outcome: Outcome) => void,
  ) {
    this.id = delivery.id;
    this.frame = delivery.frame;
    this.attempt = delivery.attempt;
    this.sequence = server.sequence;
    this.bytes = server.bytes;
    this.reply = server.reply;
    this.#settle = settle;
  }

  settle(outcome: Outcome): void {
    this.#settle(this, outcome);
  }
}

/** The unacknowledged messages by sequence, in the order of the stream. */
export class UnackedMessages {
  readonly #bySequence = new IntMap<UnackedMessage>();
  #bytes = 0;

  get size(): number {
    return this.#bySequence.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): number | undefined {
    return this.#bySequence.firstKey();
  }

  get(sequence: number): UnackedMessage | undefined {
    return this.#bySequence.get(sequence);
  }

  values(): readonly UnackedMessage[] {
    return this.#bySequence.values();
  }

  add(message: UnackedMessage): void {
    this.#bySequence.add(message.sequence, message);
    this.#bytes += message.bytes;
  }

  /** False when the table holds another message of that sequence: the stream was replaced. */
  release(message: UnackedMessage): boolean {
    if (this.#bySequence.get(message.sequence) !== message) return false;
    this.#bySequence.delete(message.sequence);
    this.#bytes -= message.bytes;
    return true;
  }

  /** Drops the messages above `sequence`. */
  forgetAbove(sequence: number): void {
    for (const message of this.#bySequence.values()) {
      if (message.sequence > sequence) this.release(message);
    }
  }
}
