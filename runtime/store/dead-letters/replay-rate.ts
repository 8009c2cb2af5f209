/** The most that is made up for a late timer, so that it does not lower the rate. */
const CATCH_UP_MS = 100;

/** The rate limit of replays, for all routes together. */
export class ReplayRate {
  #dueAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #onDue: () => void;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  get isDue(): boolean {
    return performance.now() >= this.#dueAtMs;
  }

  /** Whether one letter may go now. `rate`: letters a second, undefined for no limit. */
  take(rate: number | undefined): boolean {
    const nowMs = performance.now();
    if (nowMs < this.#dueAtMs) return false;
    if (rate !== undefined) this.#wait(Math.max(this.#dueAtMs, nowMs - CATCH_UP_MS) + 1000 / rate);
    return true;
  }

  /** Stops replays for a moment. */
  pause(ms: number): void {
    this.#wait(performance.now() + ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(untilMs: number): void {
    this.#dueAtMs = untilMs;
    clearTimeout(this.#timer);
    // A timer may fire a little early: it is set again, because no other wake-up follows.
    const wake = (): void => (this.isDue ? this.#onDue() : this.#wait(this.#dueAtMs));
    this.#timer = setTimeout(wake, Math.max(1, Math.ceil(untilMs - performance.now())));
  }
}
