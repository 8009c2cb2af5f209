import type { BusContext } from '#contract/bus.ts';
import type { Link } from './client/link.ts';
import type { QueueType } from './options.ts';

/** Notices to the operator about the queue of a source. */
export class QueueNotices {
  readonly #link: Link;
  readonly #context: BusContext;
  readonly #queue: string;

  constructor(link: Link, context: BusContext, queue: string) {
    this.#link = link;
    this.#context = context;
    this.#queue = queue;
  }

  deleted(): void {
    const text = `${this.#context.connection}: the server cancelled the consumer of queue ${this.#queue}: it was deleted, or has moved to another node. If it was deleted, what it held is gone; how many messages, is not known`;
    this.#context.report({ kind: 'loss', code: 'QUEUE_DELETED', text });
  }

  /** Throws when one of the two is a stream: the position of a route is saved in another way then. */
  checkType(found: QueueType, wanted: QueueType): void {
    const text = `queue ${this.#queue} is of type ${found}, and the route says type: ${wanted}`;
    if (found === 'stream' || wanted === 'stream') throw this.#link.error('BUS_SETTING', `${text}; change the route`);
    this.#link.notice('QUEUE_TYPE', `${text}; it is read as what it is`);
  }

  deliveriesMissed(): void {
    const text = `queue ${this.#queue} had given messages to our idle consumer that did not come: they fell into the moment in which it was replaced, or the queue was deleted and made again, or its leader has moved; they are read now, in order`;
    this.#link.notice('CONSUMER_REPLACED', text);
  }

  looksLikeStream(): void {
    const text = `messages of queue ${this.#queue} have offsets; if it is a stream write type: stream, or the route's place in it is not kept`;
    this.#link.notice('LOOKS_LIKE_STREAM', text);
  }

  deliveredOften(before: number): void {
    const text = `a message of queue ${this.#queue} was delivered ${before} times before; a delivery limit drops it, or sends it to the dead-letter exchange if there is one`;
    this.#link.notice('DELIVERED_OFTEN', text);
  }

  /** Throws when the queue has other consumers: the route waits until it is the only one. */
  assertAlone(others: number): void {
    if (others <= 0) return;
    throw this.#link.error(
      'BUS_SETTING',
      `queue ${this.#queue} has ${others === 1 ? 'another consumer' : `${others} other consumers`}, maybe an earlier connection of ours that the server has not given up yet; to keep the order this route waits until it is gone. To divide the messages instead, write shared: true`,
    );
  }
}
