const FIRST_LOOK_MS = 5000;
const LOOK_MS = 3000;
/** So many looks must find the same end. */
const LOOKS = 3;

/**
 * A place in a stream was asked for, and what is there should come at once. When nothing does, though the server
 * answers, it looks where the stream ends: an end that stays where it is lies before the place.
 */
export class StreamWatch {
  readonly #lookAtEnd: () => Promise<number | 'empty' | undefined>;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout;
  #isStopped = false;
  #found: number | 'empty' | undefined;
  #looks = 0;

  /** `lookAtEnd`: an offset near the end of the stream; undefined when what was asked for has come. */
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
    // When the server does not answer, the session ends of itself.
    const found = await this.#lookAtEnd().catch(() => undefined);
    if (this.#isStopped || found === undefined) return;
    this.#looks = found === this.#found ? this.#looks + 1 : 1;
    this.#found = found;
    if (this.#looks < LOOKS) this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
    else this.#onEnd();
  }
}
