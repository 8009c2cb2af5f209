import type { ErrorCode } from '#contract/errors.ts';
import { backoffMs } from '#kit/backoff.ts';
import type { MqttFrom } from '../options.ts';
import type { Connection, SubscribeOptions } from './connection.ts';

/** The source that subscribes. */
interface Subscriber {
  /** Every filter is granted. */
  granted(): void;
  /** The server grants less than `qos: 1`. */
  lowered(filter: string): void;
  /** A filter is refused; the subscription is retried later. */
  refused(code: ErrorCode, text: string): void;
  /** The server does not answer, although the client is reading. */
  unanswered(): void;
  /** Messages received so far. While the number does not change the server is silent, unless the source is paused. */
  arrivals(): number;
  /** Whether the window is full: the client then reads nothing. */
  isPaused(): boolean;
}

interface RefusalText {
  readonly code: ErrorCode;
  readonly text: string;
}

/** The server refuses a filter. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;

  constructor({ code, text }: RefusalText) {
    super(text);
    this.code = code;
  }
}

const NEVER_SUBSCRIBED = 'sluice/never-subscribed';
const ANSWER_MS = 10_000;
const RETRY = { firstMs: 1000, capMs: 30_000 };

/** SUBACK reasons that a permission would not change. */
const UNABLE: Readonly<Record<number, string>> = {
  0x8f: 'does not take the filter',
  0x9e: 'does not know shared subscriptions: leave out shared',
  0xa2: 'does not know wildcards',
};

/** Keeps the filters of a source subscribed, one connection at a time. */
export class Subscription {
  readonly #wanted: readonly string[];
  readonly #options: SubscribeOptions;
  readonly #subscriber: Subscriber;
  readonly #isFive: boolean;
  #connection: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #refusals = 0;
  /** Granted at least once: a resumed session has the subscription. */
  isGranted = false;

  constructor(from: MqttFrom, isFive: boolean, subscriber: Subscriber) {
    this.#wanted = from.topics.map((filter) =>
      from.shared === undefined ? filter : `$share/${from.shared}/${filter}`,
    );
    this.#isFive = isFive;
    const qos = from.qos === 0 ? 0 : 1;
    // Retained messages are sent once per subscription, not at each start, and with their retain flag: a bridge must not
    // forward old state as a new message. Version 3.1.1 cannot request that.
    this.#options = isFive ? { qos, rap: true, rh: 1, nl: false } : { qos };
    this.#subscriber = subscriber;
  }

  start(connection: Connection): void {
    this.stop();
    this.#connection = connection;
    this.#await(this.#subscriber.arrivals());
    connection.subscribe(this.#wanted, this.#options, ({ error, grants, codes }) => {
      if (this.#connection !== connection) return;
      clearTimeout(this.#timer);
      if (error === undefined) this.#accepted(grants);
      else this.#refused(connection, error, codes);
    });
  }

  /**
   * Requests an answer that proves more than a PINGRESP; rejects with a refusal. Version 5 subscribes again, which loses and
   * repeats nothing [MQTT-3.8.4-4] and restores a subscription that the server lost. In version 3.1.1 this would repeat all
   * retained messages: there it unsubscribes from a filter that was never subscribed, which must be answered
   * [MQTT-3.10.4-5].
   */
  ask(connection: Connection): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#isFive) {
        connection.unsubscribe(NEVER_SUBSCRIBED, (error) => (error === undefined ? resolve() : reject(error)));
        return;
      }
      connection.subscribeAgain(this.#wanted, this.#options, ({ error, codes }) => {
        if (error === undefined) return resolve();
        reject(new Refusal(this.#refusalOf(error, codes)));
      });
    });
  }

  /** The connection ended. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#connection = undefined;
  }

  #accepted(grants: readonly { topic: string; qos: number }[]): void {
    this.#refusals = 0;
    this.isGranted = true;
    const lowered = grants.find(({ qos }) => qos < this.#options.qos);
    if (lowered !== undefined) this.#subscriber.lowered(lowered.topic);
    this.#subscriber.granted();
  }

  #refused(connection: Connection, error: Error, codes: readonly number[]): void {
    const { code, text } = this.#refusalOf(error, codes);
    this.#subscriber.refused(code, text);
    this.#refusals += 1;
    this.#timer = setTimeout(() => this.start(connection), backoffMs(RETRY, this.#refusals));
  }

  #refusalOf(error: Error, codes: readonly number[]): RefusalText {
    const at = codes.findIndex((code) => code >= 0x80);
    const code = codes[at];
    const unable = code === undefined ? undefined : UNABLE[code];
    const why = unable ?? 'denies the subscription: grant it to this client, or change topics';
    const seen = code === undefined ? error.message : `reason 0x${code.toString(16)}`;
    return {
      code: unable === undefined ? 'BUS_AUTH' : 'BUS_SETTING',
      text: `the server ${why} (topics: ${this.#wanted[at] ?? 'all'}, ${seen})`,
    };
  }

  #await(arrivalsBefore: number): void {
    this.#timer = setTimeout(() => {
      const arrivals = this.#subscriber.arrivals();
      // The answer waits behind messages, and while the window is full nothing is read.
      if (this.#subscriber.isPaused() || arrivals !== arrivalsBefore) this.#await(arrivals);
      else this.#subscriber.unanswered();
    }, ANSWER_MS);
  }
}
