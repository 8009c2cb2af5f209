/** How long a rate may be owed: a timer that comes late does not slow the rate down. */
const OWED_MS = 100;
const REST_MS = 50;

/** Lets so many a second through, for all routes together. */
export class Pace {
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
  rest(): void {
    this.#wait(performance.now() + REST_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(untilMs: number): void {
    this.#dueAtMs = untilMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onDue, Math.max(1, Math.ceil(untilMs - performance.now())));
  }
}
