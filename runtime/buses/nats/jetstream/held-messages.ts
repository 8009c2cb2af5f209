import type { Delivery, Outcome } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import { IntMap } from '#kit/int-map.ts';

/** A message that the server waits to hear about. */
export class HeldMessage implements Delivery {
  readonly id: string;
  readonly frame: Frame;
  readonly attempt: number | undefined;
  readonly sequence: number;
  readonly bytes: number;
  /** Where to acknowledge; a redelivery brings another one. */
  reply: string;
  /** Given back undone: neither acknowledged nor kept from being delivered again. */
  released = false;
  readonly #settle: (held: HeldMessage, outcome: Outcome) => void;

  constructor(
    delivery: Pick<Delivery, 'id' | 'frame' | 'attempt'>,
    server: { readonly sequence: number; readonly bytes: number; readonly reply: string },
    settle: (held: HeldMessage, outcome: Outcome) => void,
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

/** What is held, by sequence, in the order of the stream. */
export class HeldMessages {
  readonly #bySequence = new IntMap<HeldMessage>();
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

  get(sequence: number): HeldMessage | undefined {
    return this.#bySequence.get(sequence);
  }

  values(): readonly HeldMessage[] {
    return this.#bySequence.values();
  }

  add(held: HeldMessage): void {
    this.#bySequence.add(held.sequence, held);
    this.#bytes += held.bytes;
  }

  /** False when it is not this one that is held: its stream is gone, and its sequence may stand for another message. */
  release(held: HeldMessage): boolean {
    if (this.#bySequence.get(held.sequence) !== held) return false;
    this.#bySequence.delete(held.sequence);
    this.#bytes -= held.bytes;
    return true;
  }

  /** Drops what is above `sequence`. */
  forgetAbove(sequence: number): void {
    for (const held of this.#bySequence.values()) {
      if (held.sequence > sequence) this.release(held);
    }
  }
}
