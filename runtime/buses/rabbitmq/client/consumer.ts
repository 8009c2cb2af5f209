import type { Channel, ConsumeMessage, GetMessage } from 'amqplib';
import { Acks } from './acks.ts';
import type { Session } from './session.ts';

/** A message from a consumer or from a `basic.get`. */
export type Received = ConsumeMessage | GetMessage;

export interface ConsumerWanted {
  readonly queue: string;
  readonly prefetch: number;
  readonly exclusive: boolean;
  /** Of a stream: the offset to begin at. */
  readonly streamOffset: unknown;
  /** It replaces a consumer without outstanding deliveries. */
  readonly isSuccessor: boolean;
  /** A message that was fetched before, is unacknowledged on its channel, and is delivered first. */
  readonly first: FetchedMessage | undefined;
}

/** A message of a `basic.get`, and the channel on which it is acknowledged. */
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
    this.acks = new Acks(session, channel, prefetch);
  }

  /** `take` gets null when the server cancels the consumer, and nothing after `release`. */
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
   * Closes the channel, not the session: the server delivers its unacknowledged messages again. There is no `basic.cancel`
   * before: a quorum queue requeues messages that it delivers after a cancel behind all others, and those of a closed channel
   * in their position.
   */
  async release(): Promise<void> {
    this.acks.end();
    await this.#session.release(this.#channel);
  }
}
