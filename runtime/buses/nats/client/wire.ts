import type { NatsConnection } from '@nats-io/transport-node';
import { SluiceError } from '#contract/errors.ts';
import { type ClientMessage, type ClientParser, MessageParser } from './message-parser.ts';
import { propertyOf } from './property.ts';
import { type Protocol as Sending, Publisher } from './publisher.ts';
import type { ReceivedMessage } from './received-message.ts';

/** The parts of the client's protocol handler that are used here. The client has no public call for them. */
interface Protocol extends Sending {
  /** The client makes a new one for each server that it dials. */
  parser: ClientParser;
  processMsg(message: ClientMessage, data: Uint8Array): void;
}

/** The reader of a subscription. No method may throw. */
export interface Reader {
  /** `message` is valid until the call returns. */
  received(message: ReceivedMessage): void;
  /** The server denies the subscription. */
  denied(failure: Error): void;
}

export interface WireSubscription {
  unsubscribe(): void;
  isClosed(): boolean;
}

/** What a bridge sends and receives by the million on one connection of the client, encoded and decoded here. */
export class Wire {
  readonly publisher: Publisher;
  readonly #connection: NatsConnection;
  readonly #readers = new Map<number, (message: ReceivedMessage) => void>();

  constructor(connection: NatsConnection) {
    const protocol = protocolOf(connection);
    this.#connection = connection;
    this.publisher = new Publisher(connection, protocol);
    const readers = {
      byId: this.#readers,
      others: (message: ClientMessage, data: Uint8Array): void => protocol.processMsg(message, data),
    };
    let parser = new MessageParser(protocol.parser, readers);
    Object.defineProperty(protocol, 'parser', {
      get: () => parser,
      set: (made: ClientParser) => {
        parser = new MessageParser(made, readers);
      },
    });
  }

  /** The client renews the subscription after a reconnect. */
  subscribe(subject: string, reader: Reader, options: { readonly queue?: string } = {}): WireSubscription {
    const subscription = this.#connection.subscribe(subject, {
      ...options,
      callback: (failure) => {
        this.#readers.delete(id);
        reader.denied(
          failure ?? new SluiceError('INTERNAL', 'a message came by another way than it was subscribed to'),
        );
      },
    });
    const id = subscription.getID();
    this.#readers.set(id, (message) => reader.received(message));
    return {
      unsubscribe: () => {
        this.#readers.delete(id);
        subscription.unsubscribe();
      },
      isClosed: () => subscription.isClosed(),
    };
  }
}

function protocolOf(connection: NatsConnection): Protocol {
  const protocol = propertyOf(connection, 'protocol');
  if (isProtocol(protocol)) return protocol;
  throw new SluiceError(
    'INTERNAL',
    'the NATS client reads and writes in another way than the version that this was written for',
  );
}

function isProtocol(value: unknown): value is Protocol {
  const methods = [
    propertyOf(value, 'sendCommand'),
    propertyOf(value, 'flushPending'),
    propertyOf(value, 'processMsg'),
    propertyOf(propertyOf(value, 'outbound'), 'size'),
    propertyOf(propertyOf(value, 'parser'), 'parse'),
  ];
  const state = propertyOf(propertyOf(value, 'parser'), 'state');
  return typeof state === 'number' && methods.every((method) => typeof method === 'function');
}
