import type { Duplex } from 'node:stream';
import type { IClientSubscribeOptions, MqttClient } from 'mqtt';
import type { IPublishPacket } from 'mqtt-packet';

/** A PUBLISH as the client has parsed it. */
export type ReceivedPublish = Readonly<
  Pick<IPublishPacket, 'topic' | 'payload' | 'qos' | 'dup' | 'retain' | 'messageId' | 'length' | 'properties'>
>;

/** How a filter is subscribed: the retain options are of version 5. */
export type SubscribeOptions = Pick<IClientSubscribeOptions, 'qos' | 'rap' | 'rh' | 'nl'>;

/** The answer to a subscription: one grant or reason code for each filter. */
export interface SubscribeAnswer {
  /** Undefined when every filter is granted. */
  readonly error: Error | undefined;
  readonly grants: readonly { readonly topic: string; readonly qos: number }[];
  readonly codes: readonly number[];
}

/** The narrow side of one client: source and sink use nothing else of the library. */
export class Connection {
  readonly #client: MqttClient;

  constructor(client: MqttClient) {
    this.#client = client;
  }

  /** For packets that the driver writes itself. */
  get stream(): Duplex {
    return this.#client.stream as Duplex;
  }

  get isConnected(): boolean {
    return this.#client.connected;
  }

  /** 0 without a keep-alive. */
  get keepAliveSeconds(): number {
    return this.#client.keepalive;
  }

  /** Takes every PUBLISH instead of the client, which reads the next packet when `next` is called. */
  onPublish(take: (packet: ReceivedPublish, next: (error?: Error) => void) => void): void {
    this.#client.handleMessage = take;
  }

  onPuback(take: (packetId: number, reason: number) => void): void {
    this.#client.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback') take(packet.messageId ?? 0, packet.reasonCode ?? 0);
    });
  }

  /** The client has handled the CONNACK. */
  onceConnected(run: () => void): void {
    this.#client.once('connect', run);
  }

  subscribe(filters: readonly string[], options: SubscribeOptions, answered: (answer: SubscribeAnswer) => void): void {
    this.#client.subscribe([...filters], options, (error, grants, packet) =>
      answered(answerOf(error, grants, packet?.granted)),
    );
  }

  /** As `subscribe`, for filters that the client has subscribed already. */
  subscribeAgain(
    filters: readonly string[],
    options: SubscribeOptions,
    answered: (answer: SubscribeAnswer) => void,
  ): void {
    const topics = Object.fromEntries(filters.map((filter) => [filter, { ...options }]));
    this.#client.subscribe(Object.assign(topics, { resubscribe: true }), (error, grants, packet) =>
      answered(answerOf(error, grants, packet?.granted)),
    );
  }

  unsubscribe(filter: string, answered: (error: Error | undefined) => void): void {
    this.#client.unsubscribe(filter, answered);
  }

  /** Sends a PINGREQ, and does not wait for its answer. */
  pingBlindly(): void {
    this.#client.sendPing();
    this.#client.reschedulePing(true);
  }
}

function answerOf(
  error: Error | null,
  grants: SubscribeAnswer['grants'] = [],
  granted: readonly unknown[] = [],
): SubscribeAnswer {
  return { error: error ?? undefined, grants, codes: granted.map(Number) };
}
