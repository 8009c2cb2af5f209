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
  readonly first: FetchedMessage | undefined;
}

/** A message and the channel that answers for it. */
export interface FetchedMessage {
  readonly channel: Channel;
  readonly message: GetMessage;
}

/** One consumer on a channel of its own, with the delivery tags of that channel. */
export class Consumer {
  readonly acks: Acks;
  readonly isSuccessor: boolean;
  readonly #session: Session;
  readonly #channel: Channel;

  private constructor(session: Session, channel: Channel, { prefetch, isSuccessor }: ConsumerWanted) {
    this.#session = session;
    this.#channel = channel;
    this.isSuccessor = isSuccessor;
    this.acks = new Acks(channel, prefetch);
  }

  /** `take` gets null when the server cancels the consumer; nothing after `release`. */
  static async open(
    session: Session,
    wanted: ConsumerWanted,
    take: (consumer: Consumer, message: Received | null) => void,
  ): Promise<Consumer> {
    const { queue, exclusive, first, prefetch, streamOffset } = wanted;
    const channel = await session.open(first?.channel ?? session.model.createChannel());
    await channel.prefetch(prefetch);
    const consumer = new Consumer(session, channel, wanted);
    if (first !== undefined) take(consumer, first.message);
    const onMessage = (message: ConsumeMessage | null): void => {
      if (!consumer.acks.isOver) take(consumer, message);
    };
    await channel.consume(queue, onMessage, {
      exclusive,
      ...(streamOffset !== undefined && { arguments: { 'x-stream-offset': streamOffset } }),
    });
    return consumer;
  }

  /**
   * Ends its channel, and not the session: the server delivers again what it still had for it. Never by a `basic.cancel`
   * first: what a quorum queue hands out after it goes back behind all others, and what a channel had to its place.
   */
  async release(): Promise<void> {
    this.acks.end();
    await this.#session.release(this.#channel);
  }
}
