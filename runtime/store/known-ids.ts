import { Deque } from '#kit/deque.ts';

/**
 * Ids in memory, each with the time of its last addition, in the order of their additions. No object for each id: every garbage
 * collection would copy it until it is old.
 */
export class KnownIds {
  /** By id: the count of its last addition. */
  readonly #last = new Map<string, number>();
  readonly #ids = new Deque<string>();
  readonly #times = new Deque<number>();
  /** The count of the oldest addition that is held. */
  #first = 0;

  /** Additions that are held; those of one id count each. */
  get size(): number {
    return this.#ids.size;
  }

  /** The time of the oldest addition; undefined where none is held. */
  get oldestAt(): number | undefined {
    return this.#times.at(0);
  }

  /** The time of its last addition, as it was given; undefined for an unknown id. */
  addedAt(id: string): number | undefined {
    const count = this.#last.get(id);
    return count === undefined ? undefined : this.#times.at(count - this.#first);
  }

  add(id: string, at: number): void {
    this.#last.set(id, this.#first + this.#ids.size);
    this.#ids.push(id);
    this.#times.push(at);
  }

  /** Forgets the oldest addition, and its id unless it was added again since. */
  removeOldest(): void {
    const id = this.#ids.shift();
    if (id === undefined) return;
    this.#times.shift();
    if (this.#last.get(id) === this.#first) this.#last.delete(id);
    this.#first += 1;
  }
}
