import type { Clock } from './clock.ts';

/** A backlog counts as sent once nothing had to wait for this long. */
const CALM_MS = 1000;

/**
 * Bounds how fast a backlog is sent: after a start and after each outage, until nothing has had to wait for its turn for
 * a second. In between it costs one comparison a frame.
 */
export class RateLimiter {
  readonly #gapMs: number;
  readonly #clock: Clock;
  readonly #again: () => void;
  #isBounding = true;
  #nextAtMs: number;
  #waitedAtMs: number;
  #cancel: (() => void) | undefined;

  /** `again` is called when the next frame may go. */
  constructor(perSecond: number, clock: Clock, again: () => void) {
    this.#gapMs = 1000 / perSecond;
    this.#clock = clock;
    this.#again = again;
    this.#nextAtMs = clock.elapsedMs();
    this.#waitedAtMs = this.#nextAtMs;
  }

  /** An outage is over: what waited for it is a backlog. */
  begin(): void {
    this.#isBounding = true;
    this.#nextAtMs = this.#clock.elapsedMs();
    this.#waitedAtMs = this.#nextAtMs;
  }

  /** Whether one frame may go now. */
  take(): boolean {
    if (!this.#isBounding) return true;
    const nowMs = this.#clock.elapsedMs();
    if (nowMs < this.#nextAtMs) {
      this.#waitedAtMs = nowMs;
      this.#cancel ??= this.#clock.after(this.#nextAtMs - nowMs, () => {
        this.#cancel = undefined;
        this.#again();
      });
      return false;
    }
    if (nowMs - this.#waitedAtMs > CALM_MS) this.#isBounding = false;
    // A timer that fires late is made up for, up to a tenth of a second: timers are coarser than a high rate.
    this.#nextAtMs = Math.max(this.#nextAtMs, nowMs - 100) + this.#gapMs;
    return true;
  }

  stop(): void {
    this.#cancel?.();
  }
}
