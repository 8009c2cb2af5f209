import { Deque } from '#kit/deque.ts';

/** A place in the order of receipt. */
interface Ticket<T> {
  readonly item: T;
  settled: boolean;
}

/**
 * Settlements come in any order; some buses must hear them in the order of receipt. Remembers what is open and
 * releases the settled prefix.
 */
export class SettledPrefix<T> {
  readonly #open = new Deque<Ticket<T>>();
  readonly #release: (item: T) => void;

  constructor(release: (item: T) => void) {
    this.#release = release;
  }

  /** Received and not yet released. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes a place; the function returned settles it, once. */
  enter(item: T): () => void {
    const ticket: Ticket<T> = { item, settled: false };
    this.#open.push(ticket);
    return () => {
      ticket.settled = true;
      while (this.#open.at(0)?.settled === true) {
        const first = this.#open.shift();
        if (first !== undefined) this.#release(first.item);
      }
    };
  }
}
