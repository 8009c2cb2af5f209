export interface SilenceSettings {
  readonly timeoutMs: number;
  /** Whether any answer is awaited. */
  readonly isAwaiting: () => boolean;
  /** Called when no answer came for `timeoutMs` while some were awaited: the connection is dead. */
  readonly onSilence: () => void;
}

/**
 * One timer for all awaited answers of a connection. A server that answers in order is silent only when it is dead, while
 * the last answer of a full window on a slow link may well take longer than `timeoutMs`. A timer for each send would cost
 * more than the send.
 */
export class SilenceTimer {
  readonly #settings: SilenceSettings;
  #timer: NodeJS.Timeout | undefined;
  /** The last answer, or the first send after all had been answered. */
  #silentSinceMs = 0;
  #isHeld = false;

  constructor(settings: SilenceSettings) {
    this.#settings = settings;
  }

  /** To be called right before a send whose answer is awaited. */
  sent(): void {
    const { isAwaiting, timeoutMs } = this.#settings;
    if (!isAwaiting()) this.#silentSinceMs = performance.now();
    this.#timer ??= setTimeout(() => this.#check(), timeoutMs);
  }

  /** To be called for each answer. */
  answered(): void {
    this.#silentSinceMs = performance.now();
  }

  /** Suspends the timeout while the server has announced that it takes nothing. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#silentSinceMs = performance.now();
  }

  /** To be called when no answer is awaited any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const { isAwaiting, timeoutMs, onSilence } = this.#settings;
    this.#timer = undefined;
    if (!isAwaiting()) return;
    if (this.#isHeld) this.#silentSinceMs = performance.now();
    const leftMs = this.#silentSinceMs + timeoutMs - performance.now();
    if (leftMs <= 0) onSilence();
    else this.#timer = setTimeout(() => this.#check(), leftMs);
  }
}
