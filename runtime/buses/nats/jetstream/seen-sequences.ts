/** So many are kept apart; of what comes beyond, some may come twice after the consumer was changed. */
const MOST = 1_000_000;

/**
 * Which messages of a stream a source has received. Up to `received` all that it wants of the stream; above it, after the
 * place was set back, those of before.
 */
export class SeenSequences {
  #received: number;
  /** Up to here everything came under the consumer's right configuration. */
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

  /** A message came. False when it had come before. */
  enter(sequence: number): boolean {
    const isNew = sequence > this.#received && !this.#above.has(sequence);
    if (sequence <= this.#received) return isNew;
    this.#received = sequence;
    if (this.#recent.length < MOST) this.#recent.push(sequence);
    return isNew;
  }

  /** The consumer was found as it should be after `received` had come. */
  verify(received: number): void {
    this.#verified = Math.max(this.#verified, Math.min(received, this.#received));
    const above = this.#recent.findLastIndex((sequence) => sequence <= this.#verified);
    this.#recent.splice(0, above + 1);
    for (const sequence of this.#above) if (sequence <= this.#verified) this.#above.delete(sequence);
  }

  /** The consumer left some out since it was verified: everything from there on is to come again. */
  setBack(): void {
    for (const sequence of this.#recent) this.#above.add(sequence);
    this.#recent = [];
    this.#received = this.#verified;
  }

  /** The stream is another one, or ends at `last` now: what lies above is not known. */
  endAt(last: number): void {
    this.#received = last;
    this.#verified = last;
    this.#recent = [];
    this.#above.clear();
  }
}
