/** The window of a route that begins, or that was idle. */
const FIRST = 64;
/** A window of which a quarter suffices for so long is halved. */
const CALM_MS = 1000;
/** A window that passes within so long may grow. */
const SHORT_MS = 100;
/** Twice the messages in twice the time is no gain; a gain is worth less than this factor of the shortest time. */
const LONGER = 1.5;
/** A window that passes in no less than this, and in `MUCH_LONGER` times the shortest time, is halved. */
const LONG_MS = 1000;
const MUCH_LONGER = 4;
/** A window that gained nothing from growth tries again after so long. */
const RETRY_MS = 10_000;

/**
 * The window of a route in messages, between a small one and the bound of the file. It doubles in the time of a confirmation, as
 * the slow start of TCP does (RFC 5681, 3.1), until the source or the bound is the limit. It stops where the sink is
 * the limit, as TCP Vegas does: there each message only waits longer. So a route that needs few messages in flight has few of
 * them, and a crash repeats few.
 *
 * A round is the time in which as many messages are settled as the window holds. Rounds alternate: in one the window doubles, the
 * next one judges it.
 */
export class AdaptiveWindow {
  readonly #bound: number;
  readonly #first: number;
  #messages: number;
  /** The size before the growth that the next round judges. */
  #before: number;
  #phase: 'growing' | 'judged' | 'kept' = 'growing';
  /** The shortest round since the last retry. */
  #shortestMs = Infinity;
  #retryMs = Infinity;
  #isFull = false;
  #roundMs: number | undefined;
  #left = 0;
  /** The most that was unsettled since `#sinceMs`. */
  #peak = 0;
  #sinceMs: number;

  /** `nowMs`: as in `look`. `first`: the smallest window. */
  constructor(bound: number, nowMs: number, first = FIRST) {
    this.#bound = bound;
    this.#first = Math.min(bound, first);
    this.#messages = this.#first;
    this.#before = this.#first;
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
    if (this.#roundMs !== undefined && this.#left <= 0) this.#endRound(nowMs - this.#roundMs, unsettled, nowMs);
    if (this.#isFull && this.#roundMs === undefined) {
      this.#roundMs = nowMs;
      this.#left = this.#messages;
    }
    if (unsettled > this.#peak) this.#peak = unsettled;
    if (nowMs - this.#sinceMs < CALM_MS) return;
    if (this.#peak * 4 <= this.#messages) this.#resize(Math.max(this.#first, this.#messages >> 1), 'growing');
    this.#peak = unsettled;
    this.#sinceMs = nowMs;
  }

  /**
   * The window is full, and nothing was settled for so long. What waits in it may be one lane or partition, and others need
   * room. Answers whether it grew. `atSink`: so many of the unsettled wait for confirmations; a slow sink gives them in bursts.
   */
  stuck(waitedMs: number, unsettled: number, atSink: number): boolean {
    const burstMs = atSink * 2 > unsettled ? LONG_MS : SHORT_MS;
    if (waitedMs < burstMs || this.isLargest) return false;
    const before = this.#phase === 'judged' ? this.#before : this.#messages;
    this.#resize(Math.min(this.#bound, this.#messages * 2), 'judged');
    this.#before = before;
    return true;
  }

  /** A message was settled. */
  settled(): void {
    this.#left -= 1;
    if (this.#isFull && this.#phase === 'growing' && this.#messages < this.#bound) this.#messages += 1;
  }

  #endRound(roundMs: number, unsettled: number, nowMs: number): void {
    this.#roundMs = undefined;
    // The source was the limit.
    if (unsettled * 2 < this.#messages) return;
    const isLong = roundMs >= Math.max(LONG_MS, MUCH_LONGER * this.#shortestMs);
    if (isLong && this.#messages > this.#first) {
      return this.#keep(Math.max(this.#first, Math.min(this.#before, this.#messages >> 1)), nowMs);
    }
    const isGain = roundMs <= Math.max(SHORT_MS, LONGER * this.#shortestMs);
    this.#shortestMs = Math.min(this.#shortestMs, roundMs);
    if (this.#phase === 'growing') {
      this.#phase = 'judged';
    } else if (this.#phase === 'judged') {
      if (isGain) this.#grow();
      else this.#keep(this.#before, nowMs);
    } else if (nowMs >= this.#retryMs) {
      this.#shortestMs = roundMs;
      this.#grow();
    }
  }

  #grow(): void {
    this.#before = this.#messages;
    this.#phase = 'growing';
  }

  #keep(messages: number, nowMs: number): void {
    this.#resize(messages, 'kept');
    this.#retryMs = nowMs + RETRY_MS;
  }

  #resize(messages: number, phase: 'growing' | 'judged' | 'kept'): void {
    this.#messages = messages;
    this.#before = messages;
    this.#phase = phase;
    this.#roundMs = undefined;
  }
}
