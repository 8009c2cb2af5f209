/**
 * Numbers the commits of a source. A commit holds what was settled before it began, so a settlement is durable once the commit
 * that began next is confirmed, or a later one.
 */
export class CommitCount {
  #begun = 0;
  #confirmed = 0;
  /** Settlements: all, those before the last commit that has begun, and those before the last one that is confirmed. */
  #settled = 0;
  #begunSettled = 0;
  #confirmedSettled = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();

  /** The number of the commit that begins next. */
  get next(): number {
    return this.#begun + 1;
  }

  /** How many settlements no confirmed commit holds. */
  get unconfirmed(): number {
    return this.#settled - this.#confirmedSettled;
  }

  /** How many settlements no commit holds that has begun. */
  get unsent(): number {
    return this.#settled - this.#begunSettled;
  }

  /** Something was settled. Returns the number of the commit that holds it. */
  settled(): number {
    this.#settled += 1;
    return this.next;
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

  /** One at a time. */
  begin(): number {
    this.#begun += 1;
    this.#begunSettled = this.#settled;
    return this.#begun;
  }

  confirm(number: number): void {
    this.#confirmed = Math.max(this.#confirmed, number);
    if (number === this.#begun) this.#confirmedSettled = this.#begunSettled;
    for (const [waiting, { resolve }] of this.#waiting) {
      if (waiting > this.#confirmed) continue;
      this.#waiting.delete(waiting);
      resolve();
    }
  }

  /** Ends every wait: the partitions are given up, and no commit of theirs comes. */
  release(): void {
    this.#begunSettled = this.#settled;
    this.#confirmedSettled = this.#settled;
    for (const { resolve } of this.#waiting.values()) resolve();
    this.#waiting.clear();
  }
}
