import { Deque } from './deque.ts';
import { Signal } from './signal.ts';

/** The most that a reader takes at once. */
interface Bound {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * A queue between a client that pushes and an engine that pulls. It has no bound of its own; the client's flow control
 * bounds it by `size` and `bytes`. One reader at a time.
 */
export class AsyncQueue<T> {
  readonly #weigh: (item: T) => number;
  readonly #items = new Deque<T>();
  #bytes = 0;
  readonly #wake = new Signal();
  #failure: Error | undefined;

  constructor(weigh: (item: T) => number) {
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#items.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#bytes += this.#weigh(item);
    this.#wake.now();
  }

  /** Drops the oldest item, for a bus that promises no delivery and must not grow. */
  dropOldest(): T | undefined {
    const item = this.#items.shift();
    if (item !== undefined) this.#bytes -= this.#weigh(item);
    return item;
  }

  /** Later reads reject with `failure`, once all items that arrived before are read. */
  fail(failure: Error): void {
    this.#failure = failure;
    this.#wake.now();
  }

  /** Waits for at least one item, then returns those at hand within `bound`; empty after `signal` aborts, and only then. */
  async read(bound: Bound, signal: AbortSignal): Promise<readonly T[]> {
    while (this.#items.size === 0) {
      if (signal.aborted) return [];
      if (this.#failure !== undefined) throw this.#failure;
      await this.#wake.wait(signal);
    }
    if (signal.aborted) return [];
    return this.#take(bound);
  }

  #take(bound: Bound): T[] {
    const taken: T[] = [];
    let bytes = 0;
    for (;;) {
      const next = this.#items.at(0);
      if (next === undefined || taken.length >= bound.messages) break;
      const weight = this.#weigh(next);
      if (taken.length > 0 && bytes + weight > bound.bytes) break;
      this.#items.shift();
      bytes += weight;
      taken.push(next);
    }
    this.#bytes -= bytes;
    return taken;
  }
}
