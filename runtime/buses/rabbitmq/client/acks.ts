import type { Channel, Message } from 'amqplib';
import { SettledPrefix } from '../../support/settled-prefix.ts';

const NO_PROPERTIES: Message['properties'] = {
  contentType: undefined,
  contentEncoding: undefined,
  headers: undefined,
  deliveryMode: undefined,
  priority: undefined,
  correlationId: undefined,
  replyTo: undefined,
  expiration: undefined,
  messageId: undefined,
  timestamp: undefined,
  type: undefined,
  userId: undefined,
  appId: undefined,
  clusterId: undefined,
};
const NO_CONTENT = Buffer.alloc(0);

/** The client wants a message and reads its tag; the message itself need not live until then. */
function tagged(deliveryTag: number): Message {
  return {
    content: NO_CONTENT,
    properties: NO_PROPERTIES,
    fields: { deliveryTag, redelivered: false, exchange: '', routingKey: '' },
  };
}

/** So long an acknowledgement waits for others: each is a write here and a command to all replicas there. */
const WAIT_MS = 3;

/** A delivery tag, and whether it may be acknowledged. */
export interface Tagged {
  readonly tag: number;
  readonly isSettled: boolean;
}

/**
 * The acknowledgements of one channel: the settled prefix in one `basic.ack`, many deliveries at a time. A delivery that
 * waits for an earlier one comes again after a crash, and costs no `basic.ack` of its own before.
 */
export class Acks {
  readonly #channel: Channel;
  /** So many do not wait: the server sends no more until they are acknowledged. */
  readonly #flushAt: number;
  readonly #order = new SettledPrefix<Tagged>();
  #unflushed = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(channel: Channel, prefetch: number) {
    this.#channel = channel;
    this.#flushAt = Math.ceil(prefetch / 4);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Deliveries that are not acknowledged yet. */
  get outstanding(): number {
    return this.#order.size;
  }

  /** In the order of delivery. */
  enter(delivery: Tagged): void {
    this.#order.push(delivery);
  }

  /** Something that was entered is settled now. Invariant 2: for a channel that is gone this says nothing. */
  settled(): void {
    if (this.#isOver) return;
    this.#unflushed += 1;
    if (this.#unflushed >= this.#flushAt) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), WAIT_MS);
  }

  /** Acknowledges all that is settled, one by one behind deliveries that will not be settled any more. */
  finish(): void {
    if (this.#isOver) return;
    this.#flush();
    for (const { tag } of this.#order.settledBehind()) this.#ack(tag, false);
    this.end();
  }

  /** The channel is gone, and its tags with it. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unflushed = 0;
    const last = this.#order.advance();
    if (last !== undefined) this.#ack(last.tag, true);
  }

  #ack(deliveryTag: number, allBefore: boolean): void {
    try {
      this.#channel.ack(tagged(deliveryTag), allBefore);
    } catch {
      // Closed in this moment: the server delivers again.
    }
  }
}
