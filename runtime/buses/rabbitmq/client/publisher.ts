import { Duplex } from 'node:stream';
import type { ConfirmChannel, Message } from 'amqplib';
import { FRAME_BYTES, type Publish, publishBytes, type PublishOptions, writePublish } from './publish-frames.ts';
import type { Session } from './session.ts';

export type { PublishOptions } from './publish-frames.ts';

/** Bytes that are collected before they leave within a turn. */
const CHUNK_BYTES = 65_536;

/** A message that the server returns. */
export type ReturnedMessage = Message;

/** The answers of the server. No method may throw. */
export interface PublishListener {
  /** The server answers `tag`, with `multiple` all tags up to it. */
  readonly answered: (tag: number, multiple: boolean, isStored: boolean) => void;
  readonly returned: (message: ReturnedMessage) => void;
}

/**
 * The publishing channel of a session, with confirmations. What one turn of the event loop publishes is encoded into one buffer, and
 * leaves in one piece: the client makes eight buffers of each message and passes each through two streams.
 */
export class Publisher {
  readonly #session: Session;
  readonly #channel: ConfirmChannel;
  readonly #mostBody: number;
  /** Where the client collects the bytes of the channel. Undefined where this version has no such place: then it encodes all. */
  readonly #out: Duplex | undefined;
  readonly #number: number;
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  /** The pending bytes of the chunk. */
  #from = 0;
  #to = 0;

  private constructor(session: Session, channel: ConfirmChannel) {
    this.#session = session;
    this.#channel = channel;
    this.#mostBody = session.maxFrameBytes - FRAME_BYTES;
    this.#number = Number(Reflect.get(channel, 'ch'));
    this.#out = outOf(session, this.#number);
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

  /** Throws when the client cannot encode the options, or the channel is closed. */
  publish(exchange: string, routingKey: string, body: Buffer, options: PublishOptions): void {
    const publish: Publish = { channel: this.#number, exchange, routingKey, body, options };
    const bytes = this.#out?.writable === true && body.length <= this.#mostBody ? publishBytes(publish) : undefined;
    if (bytes === undefined || bytes > CHUNK_BYTES) {
      this.#flush();
      this.#channel.publish(exchange, routingKey, body, options);
      this.#session.batchWrites();
      return;
    }
    if (this.#to + bytes > CHUNK_BYTES) {
      this.#flush();
      this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      this.#from = 0;
      this.#to = 0;
    }
    if (this.#from === this.#to) process.nextTick(() => this.#flush());
    this.#to = writePublish(this.#chunk, this.#to, publish);
  }

  #flush(): void {
    if (this.#from === this.#to) return;
    const pending = this.#chunk.subarray(this.#from, this.#to);
    this.#from = this.#to;
    // A closed channel has no use for it, and its sends fail.
    if (this.#out?.writable !== true) return;
    this.#out.write(pending);
    this.#session.batchWrites();
  }
}

function outOf({ model }: Session, number: number): Duplex | undefined {
  const channels: unknown = Reflect.get(model.connection, 'channels');
  const entry: unknown = Array.isArray(channels) ? channels[number] : undefined;
  const out: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'buffer') : undefined;
  return out instanceof Duplex ? out : undefined;
}
