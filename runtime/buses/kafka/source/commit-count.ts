/**
 * Numbers the commits of a source. A commit holds what was settled before it began, so a settlement is durable once the commit
 * that began next is confirmed, or a later one.
 */
export class CommitCount {
  #begun = 0;
  #confirmed = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();

  /** The number of the commit that begins next. */
  get next(): number {
    return this.#begun + 1;
  }

  /** Whether a settlement waits for a commit. */
  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  isConfirmed(number: number): boolean {
    return number <= this.#confirmed;
  }

  /** Resolves once the commit of that number or a later one is confirmed, or nothing is to be waited for any more. */
  whenConfirmed(number: number): Promise<void> {
    if (this.isConfirmed(number)) return Promise.resolve();
    let waiting = this.#waiting.get(number);
    if (waiting === undefined) {
      waiting = Promise.withResolvers();
      this.#waiting.set(number, waiting);
    }
    return waiting.promise;
  }

  begin(): number {
    this.#begun += 1;
    return this.#begun;
  }

  confirm(number: number): void {
    this.#confirmed = Math.max(this.#confirmed, number);
    for (const [waiting, { resolve }] of this.#waiting) {
      if (waiting > this.#confirmed) continue;
      this.#waiting.delete(waiting);
      resolve();
    }
  }

  /** Ends every wait: the partitions are given up, and no commit of theirs comes. */
  release(): void {
    for (const { resolve } of this.#waiting.values()) resolve();
    this.#waiting.clear();
  }
}
