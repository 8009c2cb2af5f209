import { withDeadline } from '#kit/deadline.ts';
import type { ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import { Liveness, NoAnswer } from '../../support/liveness.ts';
import { Standstill } from '../../support/standstill.ts';
import type { Link } from '../client/link.ts';
import { apiErrorCode } from './stream.ts';

/** The source that is watched. None of these may throw. */
export interface WatchedSource {
  /** Deliveries so far, also those that had come before. */
  readonly deliveries: number;
  /** Whether the server is asked for messages now. */
  readonly isAsking: boolean;
  /** Whether the consumer is being looked up or made: then there is nothing to compare. */
  readonly isAttaching: boolean;
  manager(): Promise<JetStreamManager>;
  /** The last sequence that came. */
  readonly received: number;
  /**
   * The consumer's differences to what the route wants, in words; undefined: none. `received`: what had come before the
   * server was asked, and so before the answer was true.
   */
  compare(consumer: ConsumerInfo, received: number): string | undefined;
  /** The consumer is not as it should be, gone, or does not deliver: it must be found again. */
  reattach(why: string): void;
}

/** The stream that is watched. None of these may throw. */
export interface WatchedStream {
  /** So many messages that waited came not and wait no more. */
  fewer(count: number): void;
  /** `stream` was looked at after `consumer`. */
  looked(consumer: ConsumerInfo, stream: StreamInfo): void;
}

const LAST_LOOK_MS = 1000;
/** A connection is given up at the first of so many failures, and at the first of the next. */
const RENEW_LOOKS = 3;
const REATTACH_AGAIN_LOOKS = 6;
/** The stream's own settings change seldom, and cost another question. */
const STREAM_LOOKS = 6;

/**
 * Looks at the durable at a slow beat: whether it is there and as the route wants it, whether it is paused, and whether
 * messages wait while none come. An answer is the proof that the server serves this connection beyond PING and PONG.
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

  /** One look more, before the route ends. Without an answer within a second the one before is the last. */
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

  /** The consumer was set back or made again: what waited before says nothing any more. */
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
      // Gone, most likely; the next attempt says what it is.
      if (!this.#source.isAttaching) this.#source.reattach(failure.message);
      return;
    }
    this.#failures += 1;
    if (failure instanceof NoAnswer || failure.name === 'TimeoutError') {
      if (this.#failures % RENEW_LOOKS === 1)
        this.#link.renew('JetStream does not answer, though the connection is open');
      return;
    }
    // One may be the end of the connection, of which the link has yet to hear.
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

  /** What waited and was not delivered since, and waits no more, was removed from the stream. */
  #count({ num_pending: count }: ConsumerInfo, deliveriesBefore: number): void {
    const before = this.#pending;
    this.#pending = { count, deliveries: deliveriesBefore };
    if (before === undefined) return;
    const removed = before.count - (this.#source.deliveries - before.deliveries) - count;
    if (removed > 0) this.#place.fewer(removed);
  }
}
