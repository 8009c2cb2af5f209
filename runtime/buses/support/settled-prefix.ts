import { Deque } from '#kit/deque.ts';

/**
 * Settlements come in any order, and some buses accept them only in the order of receipt. Stores the received items in that
 * order and releases the settled ones at its beginning.
 */
export class SettledPrefix<Item extends { readonly isSettled: boolean }> {
  readonly #open = new Deque<Item>();

  /** Received and not released yet. */
  get size(): number {
    return this.#open.size;
  }

  /** The oldest that was not released; undefined where all were. */
  get first(): Item | undefined {
    return this.#open.at(0);
  }

  /** In the order of receipt. */
  push(item: Item): void {
    this.#open.push(item);
  }

  /** Removes the settled prefix and calls `release` for each item, in order. Returns its last item. */
  advance(release?: (item: Item) => void): Item | undefined {
    let last: Item | undefined;
    for (let first = this.#open.at(0); first?.isSettled === true; first = this.#open.at(0)) {
      this.#open.shift();
      release?.(first);
      last = first;
    }
    return last;
  }

  /** The settled items behind an unsettled one. */
  *settledBehind(): Generator<Item> {
    for (let position = 0; position < this.#open.size; position += 1) {
      const item = this.#open.at(position);
      if (item?.isSettled === true) yield item;
    }
  }
}
