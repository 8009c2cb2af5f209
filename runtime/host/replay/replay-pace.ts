/** How far behind its rate a replay may catch up at once. */
const BURST_MS = 100;

/** How many messages may be read now, under a rate. */
export class ReplayPace {
  readonly #perMs: number;
  readonly #nowMs: () => number;
  #freeAtMs: number;

  constructor(perSecond: number, nowMs: () => number) {
    this.#perMs = perSecond / 1000;
    this.#nowMs = nowMs;
    this.#freeAtMs = nowMs();
  }

  /** 0: none before `waitMs` have passed. */
  get room(): number {
    const behindMs = Math.min(BURST_MS, this.#nowMs() - this.#freeAtMs);
    return behindMs < 0 ? 0 : Math.max(1, Math.floor(behindMs * this.#perMs));
  }

  get waitMs(): number {
    return Math.max(0, this.#freeAtMs - this.#nowMs());
  }

  read(messages: number): void {
    this.#freeAtMs = Math.max(this.#freeAtMs, this.#nowMs() - BURST_MS) + messages / this.#perMs;
  }
}
