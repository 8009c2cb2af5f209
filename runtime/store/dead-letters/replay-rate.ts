/** How long a rate may be owed: a timer that comes late does not slow the rate down. */
const OWED_MS = 100;

/** Lets so many a second through, for all routes together. */
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

  /** Whether one may go now; `rate` is how many such may go in a second, undefined for any number. */
  take(rate: number | undefined): boolean {
    const nowMs = performance.now();
    if (nowMs < this.#dueAtMs) return false;
    if (rate !== undefined) this.#wait(Math.max(this.#dueAtMs, nowMs - OWED_MS) + 1000 / rate);
    return true;
  }

  /** Nothing goes for a moment. */
  rest(ms: number): void {
    this.#wait(performance.now() + ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(untilMs: number): void {
    this.#dueAtMs = untilMs;
    clearTimeout(this.#timer);
    // A timer may come a little early: who was woken too soon would not be woken again.
    const wake = (): void => (this.isDue ? this.#onDue() : this.#wait(this.#dueAtMs));
    this.#timer = setTimeout(wake, Math.max(1, Math.ceil(untilMs - performance.now())));
  }
}
