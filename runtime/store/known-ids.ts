/** Entries at first; a power of two. */
const FIRST_SIZE = 1024;

/**
 * Ids in memory, each with the time of its last addition, in the order of their additions. A ring of texts and one of numbers:
 * an object for each id would be copied by every garbage collection until it is old.
 */
export class KnownIds {
  /** By id: the count of its last addition. The place in the rings is the count modulo their size, a power of two. */
  readonly #last = new Map<string, number>();
  #ids: string[] = Array.from({ length: FIRST_SIZE }, () => '');
  #times = new Float64Array(FIRST_SIZE);
  /** The count of the oldest addition that is held, and of the next one. */
  #first = 0;
  #next = 0;

  /** Additions that are held; those of one id count each. */
  get size(): number {
    return this.#next - this.#first;
  }

  /** The time of the oldest addition; undefined where none is held. */
  get oldestAt(): number | undefined {
    return this.size === 0 ? undefined : this.#times[this.#first & (this.#ids.length - 1)];
  }

  /** The time of its last addition, as it was given; undefined for an unknown id. */
  addedAt(id: string): number | undefined {
    const count = this.#last.get(id);
    return count === undefined ? undefined : this.#times[count & (this.#ids.length - 1)];
  }

  add(id: string, at: number): void {
    if (this.size === this.#ids.length) this.#grow();
    const place = this.#next & (this.#ids.length - 1);
    this.#ids[place] = id;
    this.#times[place] = at;
    this.#last.set(id, this.#next);
    this.#next += 1;
  }

  /** Forgets the oldest addition, and its id unless it was added again since. */
  removeOldest(): void {
    if (this.size === 0) return;
    const place = this.#first & (this.#ids.length - 1);
    const id = this.#ids[place] ?? '';
    this.#ids[place] = '';
    if (this.#last.get(id) === this.#first) this.#last.delete(id);
    this.#first += 1;
  }

  #grow(): void {
    const before = { ids: this.#ids, times: this.#times };
    const from = before.ids.length - 1;
    const size = before.ids.length * 2;
    this.#ids = Array.from({ length: size }, () => '');
    this.#times = new Float64Array(size);
    for (let count = this.#first; count < this.#next; count += 1) {
      this.#ids[count & (size - 1)] = before.ids[count & from] ?? '';
      this.#times[count & (size - 1)] = before.times[count & from] ?? 0;
    }
  }
}
