import type { ConfirmChannel, Message, Options } from 'amqplib';
import type { Session } from './session.ts';

/** Properties of a publish, as the client takes them. */
export type PublishOptions = Options.Publish;

/** A message that the server returns. */
export type ReturnedMessage = Message;

/** The answers of the server. No method may throw. */
export interface PublishListener {
  /** The server answers `tag`, with `multiple` all tags up to it. */
  readonly answered: (tag: number, multiple: boolean, isStored: boolean) => void;
  readonly returned: (message: ReturnedMessage) => void;
}

/** The publishing channel of a session, with confirmations. */
export class Publisher {
  readonly #session: Session;
  readonly #channel: ConfirmChannel;

  private constructor(session: Session, channel: ConfirmChannel) {
    this.#session = session;
    this.#channel = channel;
  }

  static async open(session: Session): Promise<Publisher> {
    return new Publisher(session, await session.open(session.model.createConfirmChannel()));
  }

  /** To be called before the first publish. */
  listen({ answered, returned }: PublishListener): void {
    this.#channel.on('ack', ({ deliveryTag, multiple }) => answered(deliveryTag, multiple, true));
    this.#channel.on('nack', ({ deliveryTag, multiple }) => answered(deliveryTag, multiple, false));
    this.#channel.on('return', returned);
  }

  /** Throws when the client cannot encode the options. */
  publish(exchange: string, routingKey: string, body: Buffer, options: PublishOptions): void {
    this.#channel.publish(exchange, routingKey, body, options);
    this.#session.batchWrites();
  }
}
