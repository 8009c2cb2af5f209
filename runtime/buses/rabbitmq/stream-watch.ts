const FIRST_LOOK_MS = 5000;
const LOOK_MS = 3000;
/** So many checks must find the same end. */
const LOOKS = 3;

/**
 * Detects that a stream ends before the requested offset. Messages from that offset on should arrive at once. When none does,
 * although the server answers, it reads the end of the stream: an end that does not move lies before the offset.
 */
export class StreamWatch {
  readonly #lookAtEnd: () => Promise<number | 'empty' | undefined>;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout;
  #isStopped = false;
  #found: number | 'empty' | undefined;
  #looks = 0;

  /** `lookAtEnd` returns an offset near the end of the stream; undefined when the requested message has arrived. */
  constructor(lookAtEnd: () => Promise<number | 'empty' | undefined>, onEnd: () => void) {
    this.#lookAtEnd = lookAtEnd;
    this.#onEnd = onEnd;
    this.#timer = setTimeout(() => void this.#look(), FIRST_LOOK_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    // When the server does not answer, the session ends on its own.
    const found = await this.#lookAtEnd().catch(() => undefined);
    if (this.#isStopped || found === undefined) return;
    this.#looks = found === this.#found ? this.#looks + 1 : 1;
    this.#found = found;
    if (this.#looks < LOOKS) this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
    else this.#onEnd();
  }
}
