import { Deque } from '#kit/deque.ts';

interface Place {
  readonly isSettled: boolean;
}

/** Settlements come in any order; what counts is how far all before are settled. */
export class OpenOrder<T extends Place> {
  readonly #open = new Deque<T>();

  get size(): number {
    return this.#open.size;
  }

  push(item: T): void {
    this.#open.push(item);
  }

  /** Lets the settled prefix go; the last of it, if there was one. */
  advance(): T | undefined {
    let last: T | undefined;
    while (this.#open.at(0)?.isSettled === true) last = this.#open.shift();
    return last;
  }

  /** What is settled behind something that is not. */
  *settledBehind(): Generator<T> {
    for (let position = 0; position < this.#open.size; position += 1) {
      const item = this.#open.at(position);
      if (item?.isSettled === true) yield item;
    }
  }
}
