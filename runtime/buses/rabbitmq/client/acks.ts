import type { Channel, Message } from 'amqplib';
import type { Session } from './session.ts';
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

/** The client takes a message and reads only its tag, so the message itself need not stay in memory. */
function tagged(deliveryTag: number): Message {
  return {
    content: NO_CONTENT,
    properties: NO_PROPERTIES,
    fields: { deliveryTag, redelivered: false, exchange: '', routingKey: '' },
  };
}

/** An acknowledgement waits at most so long for others: each is a write here and a command to all replicas at the server. */
const WAIT_MS = 3;

/** A delivery tag, and whether it may be acknowledged. */
export interface Tagged {
  readonly tag: number;
  readonly isSettled: boolean;
}

/**
 * The acknowledgements of one channel: one `basic.ack` for a whole settled prefix. A settled delivery behind an unsettled
 * one gets no `basic.ack` of its own, and is delivered again after a crash.
 */
export class Acks {
  readonly #session: Session;
  readonly #channel: Channel;
  /**
   * So many settlements wait no longer than for the end of their turn: the server sends no more than the prefetch before it
   * has acknowledgements.
   */
  readonly #flushAt: number;
  readonly #order = new SettledPrefix<Tagged>();
  #unflushed = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(session: Session, channel: Channel, prefetch: number) {
    this.#session = session;
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

  get oldest(): Tagged | undefined {
    return this.#order.first;
  }

  /** In the order of delivery. */
  enter(delivery: Tagged): void {
    this.#order.push(delivery);
  }

  /** To be called when an entered delivery was settled. Invariant 2: ignored for a channel that is closed. */
  settled(): void {
    if (this.#isOver) return;
    this.#unflushed += 1;
    this.#timer ??= setTimeout(() => this.#flush(), WAIT_MS);
    // One acknowledgement for all that the turn settles, whatever their number is.
    if (this.#unflushed === this.#flushAt) process.nextTick(() => this.#flush());
  }

  /** Acknowledges all settled deliveries, one by one behind those that will not be settled any more. */
  finish(): void {
    if (this.#isOver) return;
    this.#flush();
    for (const { tag } of this.#order.settledBehind()) this.#ack(tag, false);
    this.end();
  }

  /** The channel is closed, and its tags are void. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #flush(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unflushed = 0;
    const last = this.#order.advance();
    if (last !== undefined) this.#ack(last.tag, true);
  }

  #ack(deliveryTag: number, allBefore: boolean): void {
    try {
      this.#channel.ack(tagged(deliveryTag), allBefore);
      this.#session.batchWrites();
    } catch {
      // The channel was just closed: the server delivers again.
    }
  }
}
