import type { WindowBounds } from '#contract/source.ts';

/** The window of a route that begins, or that was idle. */
const FIRST = 64;
const PERIOD_MS = 1000;
/** Of the messages that are settled in a second: a larger window holds them for longer, and passes no more. */
const MOST_OF_A_SECOND = 1 / 2;

type MessageBounds = Pick<WindowBounds, 'messages' | 'slowMessages'>;

/**
 * The window of a route in messages, between a small one and the bound. While it is full each settled message raises it by one, as
 * the slow start of TCP does (RFC 5681, 3.1): it doubles in the time of a confirmation, until the source or the bound is
 * the limit. So a route that needs few messages in flight has few of them, and a crash repeats few.
 */
export class AdaptiveWindow {
  readonly #largest: number;
  readonly #largestSlow: number;
  readonly #first: number;
  #messages: number;
  /** The bound for now. */
  #most: number;
  #isFull = false;
  /** The most that was unsettled since `#sinceMs`, and how many were settled. */
  #peak = 0;
  #settled = 0;
  #sinceMs: number;
  /** Settled in the second before. */
  #settledBefore = 0;

  /** `nowMs`: as in `look`. `first`: the smallest window. */
  constructor({ messages, slowMessages = messages }: MessageBounds, nowMs: number, first = FIRST) {
    this.#largest = messages;
    this.#largestSlow = slowMessages;
    this.#first = Math.min(slowMessages, first);
    this.#messages = this.#first;
    this.#most = slowMessages;
    this.#sinceMs = nowMs;
  }

  get messages(): number {
    return this.#messages;
  }

  /** Whether it is full, and may grow. */
  get mayGrow(): boolean {
    return this.#isFull && this.#messages < this.#most;
  }

  /** To be called before each read: so many are unsettled. `nowMs`: since an arbitrary moment. */
  look(unsettled: number, nowMs: number): void {
    this.#isFull = unsettled >= this.#messages;
    if (unsettled > this.#peak) this.#peak = unsettled;
    const passedMs = nowMs - this.#sinceMs;
    if (passedMs >= PERIOD_MS) {
      if (this.#peak * 4 <= this.#messages) this.#messages = Math.max(this.#first, this.#messages >> 1);
      this.#settledBefore = (this.#settled * PERIOD_MS) / passedMs;
      this.#settled = 0;
      this.#peak = unsettled;
      this.#sinceMs = nowMs;
    }
    const wanted = Math.max(this.#settled, this.#settledBefore) * MOST_OF_A_SECOND;
    this.#most = Math.max(this.#largestSlow, Math.min(this.#largest, Math.floor(wanted)));
    if (this.#messages > this.#most) this.#messages = this.#most;
  }

  /** The window was full for a while and nothing was settled: what waits in it may be one lane or partition, and others need room. */
  stuck(): void {
    this.#messages = Math.min(this.#most, this.#messages * 2);
  }

  /** A message was settled. */
  settled(): void {
    this.#settled += 1;
    if (this.mayGrow) this.#messages += 1;
  }
}
