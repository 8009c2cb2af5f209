import { withDeadline } from '#kit/deadline.ts';
import type { ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import { Liveness, NoAnswer } from '../../support/liveness.ts';
import { Standstill } from '../../support/standstill.ts';
import type { Link } from '../client/link.ts';
import { apiErrorCode } from './stream.ts';

/** The source that is watched. No member may throw. */
export interface WatchedSource {
  /** Deliveries so far, redeliveries included. */
  readonly deliveries: number;
  /** Whether a pull is open. */
  readonly isAsking: boolean;
  /** Whether the consumer is being looked up or made; there is nothing to compare then. */
  readonly isAttaching: boolean;
  manager(): Promise<JetStreamManager>;
  /** The last received sequence. */
  readonly received: number;
  /**
   * The differences of the consumer to the wanted one, in words; undefined: none. `received`: the last received sequence
   * before the request, and so before the state that the answer shows.
   */
  compare(consumer: ConsumerInfo, received: number): string | undefined;
  /** The consumer is changed, deleted, or does not deliver: it must be aligned again. */
  reattach(why: string): void;
}

/** The stream that is watched. No method may throw. */
export interface WatchedStream {
  /** So many pending messages are pending no more and were not delivered. */
  fewer(count: number): void;
  /** `stream` was requested after `consumer`. */
  looked(consumer: ConsumerInfo, stream: StreamInfo): void;
}

const LAST_LOOK_MS = 1000;
/** A connection is renewed at the first of so many failures, and at the first of the next such group. */
const RENEW_LOOKS = 3;
const REATTACH_AGAIN_LOOKS = 6;
/** The settings of the stream change seldom, and cost another request. */
const STREAM_LOOKS = 6;

/**
 * Checks the durable at intervals: whether it exists and has the wanted settings, whether it is paused, and whether messages
 * are pending while none arrive. An answer proves that the server serves this connection beyond PING and PONG.
 */
export class ConsumerWatch {
  readonly #link: Link;
  readonly #source: WatchedSource;
  readonly #place: WatchedStream;
  readonly #target: { readonly stream: string; readonly name: string };
  readonly #liveness: Liveness;
  readonly #standstill = new Standstill();
  #failures = 0;
  #looks = 0;
  #deliveriesAtLook = 0;
  #pending: { readonly count: number; readonly deliveries: number } | undefined;

  constructor(
    link: Link,
    target: { readonly stream: string; readonly name: string },
    source: WatchedSource,
    place: WatchedStream,
  ) {
    this.#link = link;
    this.#target = target;
    this.#source = source;
    this.#place = place;
    this.#liveness = new Liveness({ ask: () => this.#look(), onFailure: (failure) => this.#failed(failure) });
  }

  stop(): void {
    this.#liveness.stop();
  }

  /** A last check before the route ends. Without an answer within a second the check before stays the last. */
  async lookLast(): Promise<void> {
    if (!this.#link.up || this.#source.isAttaching) return;
    const { stream, name } = this.#target;
    const look = async (): Promise<void> => {
      const manager = await this.#source.manager();
      const consumer = await manager.consumers.info(stream, name);
      this.#place.looked(consumer, await manager.streams.info(stream));
    };
    await withDeadline(look(), LAST_LOOK_MS, () => new NoAnswer(LAST_LOOK_MS)).catch(() => {});
  }

  /** The consumer was reset or made again: the earlier pending count is void. */
  forget(): void {
    this.#pending = undefined;
  }

  async #look(): Promise<void> {
    if (!this.#link.up) return;
    const { stream, name } = this.#target;
    const { deliveries: deliveriesBefore, received } = this.#source;
    const manager = await this.#source.manager();
    const consumer = await manager.consumers.info(stream, name);
    this.#failures = 0;
    if (this.#source.isAttaching || !this.#link.up) return;
    const difference = this.#source.compare(consumer, received);
    if (difference !== undefined) {
      this.#pending = undefined;
      this.#source.reattach(difference);
      return;
    }
    this.#count(consumer, deliveriesBefore);
    this.#judge(consumer);
    const isDue = this.#looks % STREAM_LOOKS === 0;
    this.#looks += 1;
    if (!isDue) return;
    const found = await manager.streams.info(stream);
    if (!this.#source.isAttaching) this.#place.looked(consumer, found);
  }

  #failed(failure: Error): void {
    if (!this.#link.up) return;
    if (apiErrorCode(failure) !== undefined) {
      // The consumer is most likely deleted; the next attempt reports the reason.
      if (!this.#source.isAttaching) this.#source.reattach(failure.message);
      return;
    }
    this.#failures += 1;
    if (failure instanceof NoAnswer || failure.name === 'TimeoutError') {
      if (this.#failures % RENEW_LOOKS === 1)
        this.#link.renew('JetStream does not answer, though the connection is open');
      return;
    }
    // A single failure may be the end of the connection, which the link reports a moment later.
    if (this.#failures > 1 && !this.#source.isAttaching) this.#source.reattach(failure.message);
  }

  #judge(consumer: ConsumerInfo): void {
    const { num_pending: waiting, paused, config } = consumer;
    const what = `consumer ${this.#target.name} of stream ${this.#target.stream}`;
    if (paused === true) {
      if (waiting === 0) return this.#link.suspensions.resume('flow', `${what} is paused, and no message waits`);
      const until = config.pause_until ?? 'an unknown time';
      const text = `waits for an operator: ${what} is paused until ${until}, and ${waiting} messages wait`;
      return this.#link.suspensions.suspend('flow', text);
    }
    const { deliveries, isAsking } = this.#source;
    const looks = this.#standstill.look({ received: deliveries, waiting, hasRoom: isAsking });
    if (looks === 0) {
      if (waiting === 0 || deliveries !== this.#deliveriesAtLook)
        this.#link.suspensions.resume('flow', `${what} delivers`);
      this.#deliveriesAtLook = deliveries;
      return undefined;
    }
    this.#link.suspensions.suspend('flow', `waits for the server: ${waiting} messages wait for ${what}, and none come`);
    if (looks % REATTACH_AGAIN_LOOKS === 1) this.#source.reattach('messages wait for it, and none come');
    else if (looks % REATTACH_AGAIN_LOOKS === 3)
      this.#link.renew(`${waiting} messages wait for ${what}, and none come`);
    return undefined;
  }

  /** Messages that were pending, were not delivered since and are pending no more were removed from the stream. */
  #count({ num_pending: count }: ConsumerInfo, deliveriesBefore: number): void {
    const before = this.#pending;
    this.#pending = { count, deliveries: deliveriesBefore };
    if (before === undefined) return;
    const removed = before.count - (this.#source.deliveries - before.deliveries) - count;
    if (removed > 0) this.#place.fewer(removed);
  }
}
