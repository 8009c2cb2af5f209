import type { Channel, Message } from 'amqplib';
import { OpenOrder } from './open-order.ts';

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

/** A delivery tag, and whether it may be acknowledged. */
export interface Tagged {
  readonly tag: number;
  readonly isSettled: boolean;
}

/**
 * The acknowledgements of one channel: the settled prefix in one word, many deliveries at a time. One that waits for
 * an earlier delivery comes again after a crash, and costs no word of its own before.
 */
export class Acks {
  readonly #channel: Channel;
  readonly #order = new OpenOrder<Tagged>();
  #timer: NodeJS.Immediate | undefined;
  #isOver = false;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** In the order of delivery. */
  enter(delivery: Tagged): void {
    this.#order.push(delivery);
  }

  /** Something that was entered is settled now. Invariant 2: for a channel that is gone this says nothing. */
  settled(): void {
    if (this.#isOver) return;
    this.#timer ??= setImmediate(() => this.#flush());
  }

  /** Says everything that can be said, one by one what waits for earlier deliveries: nobody will settle those now. */
  finish(): void {
    if (this.#isOver) return;
    this.#flush();
    for (const { tag } of this.#order.settledBehind()) this.#say(tag, false);
    this.end();
  }

  /** The channel is gone, and its tags with it. */
  end(): void {
    this.#isOver = true;
    clearImmediate(this.#timer);
  }

  #flush(): void {
    this.#timer = undefined;
    const last = this.#order.advance();
    if (last !== undefined) this.#say(last.tag, true);
  }

  #say(deliveryTag: number, allBefore: boolean): void {
    try {
      this.#channel.ack(tagged(deliveryTag), allBefore);
    } catch {
      // Closed in this moment: the server delivers again.
    }
  }
}
