import { withDeadline } from '#kit/deadline.ts';

/** How often a source asks its server, and how soon the answer is due. Together with one retry less than 20 s. */
export const ASK_EVERY_MS = 5000;
export const ANSWER_MS = 5000;

export interface LivenessSettings {
  /** One question whose answer proves that the server works for this source, beyond its heartbeats. */
  readonly ask: () => Promise<void>;
  /** The question failed, or had no answer in time. Called once for each question. */
  readonly onFailure: (failure: Error) => void;
  readonly everyMs?: number;
  readonly answerMs?: number;
}

/**
 * Asks a server at a slow beat, one question at a time: a connection that only its heartbeats keep open is found out, and
 * so is what the server would never report of itself. From construction until `stop`.
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

/** The connection is open, and nothing came back. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor(afterMs: number) {
    super(`no answer for ${afterMs / 1000} s, though the connection is open`);
  }
}
