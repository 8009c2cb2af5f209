import type { Clock } from '../clock.ts';

/** A backlog counts as sent once no frame has had to wait for this long. */
const CALM_MS = 1000;

/**
 * Bounds the rate of a backlog: after a start and after each outage, until no frame has had to wait for a second.
 * Otherwise it costs one comparison a frame.
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

  /** Called when an outage is over: the waiting frames are a backlog. */
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
    // Makes up for a late timer, up to a tenth of a second: timers are coarser than a high rate.
    this.#nextAtMs = Math.max(this.#nextAtMs, nowMs - 100) + this.#gapMs;
    return true;
  }

  stop(): void {
    this.#cancel?.();
  }
}
