/** The window of a route that begins, or that was idle. */
const FIRST = 64;
/** A window of which a quarter suffices for so long is halved. */
const CALM_MS = 1000;

/**
 * The window of a route in messages, between a small one and the bound of the file. While it is full each settled message raises
 * it by one, as the slow start of TCP does (RFC 5681, 3.1): it doubles in the time of a confirmation, until the source or
 * the bound is the limit. So a route that needs few messages in flight has few of them, and a crash repeats few.
 */
export class AdaptiveWindow {
  readonly #bound: number;
  readonly #first: number;
  #messages: number;
  #isFull = false;
  /** The most that was unsettled since `#sinceMs`. */
  #peak = 0;
  #sinceMs: number;

  /** `nowMs`: as in `look`. `first`: the smallest window. */
  constructor(bound: number, nowMs: number, first = FIRST) {
    this.#bound = bound;
    this.#first = Math.min(bound, first);
    this.#messages = this.#first;
    this.#sinceMs = nowMs;
  }

  get isLargest(): boolean {
    return this.#messages >= this.#bound;
  }

  get messages(): number {
    return this.#messages;
  }

  /** To be called before each read: so many are unsettled. `nowMs`: since an arbitrary moment. */
  look(unsettled: number, nowMs: number): void {
    this.#isFull = unsettled >= this.#messages;
    if (unsettled > this.#peak) this.#peak = unsettled;
    if (nowMs - this.#sinceMs < CALM_MS) return;
    if (this.#peak * 4 <= this.#messages) this.#messages = Math.max(this.#first, this.#messages >> 1);
    this.#peak = unsettled;
    this.#sinceMs = nowMs;
  }

  /** The window was full for a while and nothing was settled: what waits in it may be one lane or partition, and others need room. */
  stuck(): void {
    this.#messages = Math.min(this.#bound, this.#messages * 2);
  }

  /** A message was settled. */
  settled(): void {
    if (this.#isFull && this.#messages < this.#bound) this.#messages += 1;
  }
}
