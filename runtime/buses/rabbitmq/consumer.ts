import type { Channel, ConsumeMessage } from 'amqplib';
import { Acks } from './acks.ts';
import type { Session } from './session.ts';

export interface ConsumerWanted {
  readonly queue: string;
  readonly prefetch: number;
  readonly exclusive: boolean;
  /** Of a stream: where to begin. */
  readonly streamOffset: unknown;
}

/** One consumer on a channel of its own, with the delivery tags of that channel. */
export class Consumer {
  readonly acks: Acks;
  /** It took the place of one for which nothing was outstanding. */
  readonly isSuccessor: boolean;
  readonly #session: Session;
  readonly #channel: Channel;
  #tag = '';

  private constructor(session: Session, channel: Channel, prefetch: number, isSuccessor: boolean) {
    this.#session = session;
    this.#channel = channel;
    this.acks = new Acks(channel, prefetch);
    this.isSuccessor = isSuccessor;
  }

  /** `take` hears null when the server cancels the consumer; never after `release`. */
  static async open(
    session: Session,
    wanted: ConsumerWanted,
    take: (consumer: Consumer, message: ConsumeMessage | null) => void,
    isSuccessor = false,
  ): Promise<Consumer> {
    const { queue, prefetch, exclusive, streamOffset } = wanted;
    const channel = await session.open(session.model.createChannel());
    await channel.prefetch(prefetch);
    const consumer = new Consumer(session, channel, prefetch, isSuccessor);
    const hear = (message: ConsumeMessage | null): void => {
      if (!consumer.acks.isOver) take(consumer, message);
    };
    const { consumerTag } = await channel.consume(queue, hear, {
      exclusive,
      ...(streamOffset !== undefined && { arguments: { 'x-stream-offset': streamOffset } }),
    });
    consumer.#tag = consumerTag;
    return consumer;
  }

  /** Ends it and its channel, and not the session: the server delivers again what it still had for it. */
  async release(): Promise<void> {
    this.acks.end();
    await this.#channel.cancel(this.#tag);
    await this.#session.release(this.#channel);
  }
}
