import type { Channel, ConsumeMessage, GetMessage } from 'amqplib';
import { Acks } from './acks.ts';
import type { Session } from './session.ts';

/** As a queue hands it out, to a consumer or to a question for one message. */
export type Received = ConsumeMessage | GetMessage;

export interface ConsumerWanted {
  readonly queue: string;
  readonly prefetch: number;
  readonly exclusive: boolean;
  /** Of a stream: where to begin. */
  readonly streamOffset: unknown;
  /** It takes the place of one for which nothing was outstanding. */
  readonly isSuccessor: boolean;
  /** A message that was asked for before, unacknowledged on this channel, and comes first. */
  readonly first: Held | undefined;
}

/** A message and the channel that answers for it. */
export interface Held {
  readonly channel: Channel;
  readonly message: GetMessage;
}

/** Hears null when the server cancels the consumer. Never throws. */
type Take = (consumer: Consumer, message: Received | null) => void;

/** One consumer on a channel of its own, with the delivery tags of that channel. */
export class Consumer {
  readonly acks: Acks;
  readonly isSuccessor: boolean;
  readonly #session: Session;
  readonly #channel: Channel;
  readonly #wanted: ConsumerWanted;
  readonly #take: Take;
  #tag = '';

  private constructor(session: Session, channel: Channel, wanted: ConsumerWanted, take: Take) {
    this.#session = session;
    this.#channel = channel;
    this.#wanted = wanted;
    this.#take = take;
    this.isSuccessor = wanted.isSuccessor;
    this.acks = new Acks(channel, wanted.prefetch);
  }

  /** `take` hears nothing after `release`. */
  static async open(session: Session, wanted: ConsumerWanted, take: Take): Promise<Consumer> {
    const { first, prefetch } = wanted;
    const channel = await session.open(first?.channel ?? session.model.createChannel());
    await channel.prefetch(prefetch);
    const consumer = new Consumer(session, channel, wanted, take);
    if (first !== undefined) take(consumer, first.message);
    await consumer.#consume();
    return consumer;
  }

  /** Ends it and its channel, and not the session: the server delivers again what it still had for it. */
  async release(): Promise<void> {
    this.acks.end();
    await this.#channel.cancel(this.#tag);
    await this.#session.release(this.#channel);
  }

  /** As `release`, unless messages come until the server has cancelled it: then it consumes on. Returns whether it ended. */
  async releaseIdle(): Promise<boolean> {
    await this.#channel.cancel(this.#tag);
    if (this.acks.outstanding > 0) {
      await this.#consume();
      return false;
    }
    this.acks.end();
    await this.#session.release(this.#channel);
    return true;
  }

  async #consume(): Promise<void> {
    const { queue, exclusive, streamOffset } = this.#wanted;
    const hear = (message: ConsumeMessage | null): void => {
      if (!this.acks.isOver) this.#take(this, message);
    };
    const { consumerTag } = await this.#channel.consume(queue, hear, {
      exclusive,
      ...(streamOffset !== undefined && { arguments: { 'x-stream-offset': streamOffset } }),
    });
    this.#tag = consumerTag;
  }
}
