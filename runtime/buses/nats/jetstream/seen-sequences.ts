/** Bounds the stored sequences. Messages beyond may be delivered twice after the consumer was changed. */
const MOST = 1_000_000;

/**
 * The messages of a stream that a source has received: all wanted ones up to `received`, and, after the position was set
 * back, those above it that were received before.
 */
export class SeenSequences {
  #received: number;
  /** Every wanted message up to this sequence was delivered by a consumer with the right settings. */
  #verified: number;
  #recent: number[] = [];
  #above = new Set<number>();

  constructor(received: number) {
    this.#received = received;
    this.#verified = received;
  }

  get received(): number {
    return this.#received;
  }

  /** Enters a received message. False when it was received before. */
  enter(sequence: number): boolean {
    const isNew = sequence > this.#received && !this.#above.has(sequence);
    if (sequence <= this.#received) return isNew;
    this.#received = sequence;
    if (this.#recent.length < MOST) this.#recent.push(sequence);
    return isNew;
  }

  /** The consumer had the right settings after `received` was received. */
  verify(received: number): void {
    this.#verified = Math.max(this.#verified, Math.min(received, this.#received));
    const above = this.#recent.findLastIndex((sequence) => sequence <= this.#verified);
    this.#recent.splice(0, above + 1);
    for (const sequence of this.#above) if (sequence <= this.#verified) this.#above.delete(sequence);
  }

  /** The consumer has left out messages since it was verified: all messages from there on are to be delivered again. */
  setBack(): void {
    for (const sequence of this.#recent) this.#above.add(sequence);
    this.#recent = [];
    this.#received = this.#verified;
  }

  /** The stream was replaced, or ends at `last` now: sequences above mean other messages. */
  endAt(last: number): void {
    this.#received = last;
    this.#verified = last;
    this.#recent = [];
    this.#above.clear();
  }
}
