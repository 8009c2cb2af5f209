/**
 * First in, first out, in constant time; also readable by position, 0 being the oldest. A reused ring: an array that is
 * copied as it moves leaves references in its old copies, which keep objects alive.
 */
export class Deque<T> {
  /** Its length is a power of two. */
  #ring: (T | undefined)[] = Array.from({ length: 16 });
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item;
    this.#size += 1;
  }

  at(position: number): T | undefined {
    if (position < 0 || position >= this.#size) return undefined;
    return this.#ring[(this.#head + position) & (this.#ring.length - 1)];
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size -= 1;
    return item;
  }

  /** Removes and returns the newest item. */
  pop(): T | undefined {
    if (this.#size === 0) return undefined;
    const place = (this.#head + this.#size - 1) & (this.#ring.length - 1);
    const item = this.#ring[place];
    this.#ring[place] = undefined;
    this.#size -= 1;
    return item;
  }

  #grow(): void {
    const { length } = this.#ring;
    const ring = Array.from<T | undefined>({ length: length * 2 });
    for (let position = 0; position < this.#size; position += 1) ring[position] = this.at(position);
    // Cleared, so that the old ring keeps no object alive.
    this.#ring.fill(undefined);
    this.#ring = ring;
    this.#head = 0;
  }
}
