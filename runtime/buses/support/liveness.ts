import { withDeadline } from '#kit/deadline.ts';

/** The interval between requests and the deadline of an answer: a dead connection is found in less than 20 s, with one retry. */
export const ASK_EVERY_MS = 5000;
export const ANSWER_MS = 5000;

export interface LivenessSettings {
  /** A request whose answer proves, beyond heartbeats, that the server serves this source. */
  readonly ask: () => Promise<void>;
  /** The request failed, or had no answer in time. Called once for each request. */
  readonly onFailure: (failure: Error) => void;
  readonly everyMs?: number;
  readonly answerMs?: number;
}

/**
 * Sends a request at intervals, one at a time, from construction until `stop`. It finds a connection that only heartbeats
 * keep open, and faults that the server does not report on its own.
 */
export class Liveness {
  readonly #settings: LivenessSettings;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(settings: LivenessSettings) {
    this.#settings = settings;
    this.#wait();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.#ask(), this.#settings.everyMs ?? ASK_EVERY_MS);
  }

  async #ask(): Promise<void> {
    const { ask, onFailure, answerMs = ANSWER_MS } = this.#settings;
    try {
      await withDeadline(ask(), answerMs, () => new NoAnswer(answerMs));
    } catch (thrown) {
      if (!this.#isStopped) onFailure(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
    if (!this.#isStopped) this.#wait();
  }
}

/** The connection is open, and no answer came. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor(afterMs: number) {
    super(`no answer for ${afterMs / 1000} s, though the connection is open`);
  }
}
