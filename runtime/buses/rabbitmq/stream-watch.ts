const SILENT_MS = 10_000;
const AFTER_ANSWER_MS = 2000;

/**
 * Messages below the awaited one have come, and it should follow at once: all were written together. When it does not,
 * though the server answers, the stream ends before it.
 */
export class StreamWatch {
  readonly #ask: () => Promise<unknown>;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #passed = 0;
  #isStopped = false;

  /** `ask` resolves once the server has answered something. */
  constructor(ask: () => Promise<unknown>, onEnd: () => void) {
    this.#ask = ask;
    this.#onEnd = onEnd;
  }

  /** One more below the awaited one. */
  passed(): void {
    this.#passed += 1;
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#judge(), SILENT_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #judge(): Promise<void> {
    const before = this.#passed;
    try {
      await this.#ask();
    } catch {
      // The session ends of itself.
      return;
    }
    if (this.#isStopped || this.#passed !== before) return;
    this.#timer = setTimeout(() => {
      if (!this.#isStopped && this.#passed === before) this.#onEnd();
    }, AFTER_ANSWER_MS);
  }
}
