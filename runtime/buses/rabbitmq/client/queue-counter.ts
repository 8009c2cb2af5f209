import type { Channel } from 'amqplib';
import type { Session } from './session.ts';

/** The counts of a queue, as far as the server counts them for its type. */
export interface QueueCounts {
  readonly messages: number;
  readonly consumers: number;
}

/** Requests the counts of a queue over one channel: a refusal of the server ends it, and the session with it. */
export class QueueCounter {
  readonly #session: Session;
  readonly #queue: string;
  #channel: Channel | undefined;

  constructor(session: Session, queue: string) {
    this.#session = session;
    this.#queue = queue;
  }

  async count(): Promise<QueueCounts> {
    this.#channel ??= await this.#session.open(this.#session.model.createChannel());
    const { messageCount: messages, consumerCount: consumers } = await this.#channel.checkQueue(this.#queue);
    return { messages, consumers };
  }
}
