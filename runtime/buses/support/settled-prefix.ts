import { Deque } from '#kit/deque.ts';

/**
 * Settlements come in any order; some buses take them only in the order of receipt. Holds the received items in that order
 * and lets the settled ones at its beginning go.
 */
export class SettledPrefix<Item extends { readonly isSettled: boolean }> {
  readonly #open = new Deque<Item>();

  /** Received and not yet let go. */
  get size(): number {
    return this.#open.size;
  }

  /** In the order of receipt. */
  push(item: Item): void {
    this.#open.push(item);
  }

  /** Lets the settled prefix go, each item to `release`, in order. Returns the last of it, if there was one. */
  advance(release?: (item: Item) => void): Item | undefined {
    let last: Item | undefined;
    for (let first = this.#open.at(0); first?.isSettled === true; first = this.#open.at(0)) {
      this.#open.shift();
      release?.(first);
      last = first;
    }
    return last;
  }

  /** The items that are settled behind one that is not. */
  *settledBehind(): Generator<Item> {
    for (let position = 0; position < this.#open.size; position += 1) {
      const item = this.#open.at(position);
      if (item?.isSettled === true) yield item;
    }
  }
}
