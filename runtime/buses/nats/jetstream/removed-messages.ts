/** Holes of one read are one line: a stream may have one behind each message. */
const GATHER_MS = 1000;

/** `count` messages with sequences from `from` on, none behind `to`. */
export interface Removed {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Counts what a stream lost before it was read, where every message of the stream is wanted: each sequence that does not
 * come is one message.
 */
export class RemovedMessages {
  readonly #say: (removed: Removed) => void;
  /** Up to here every sequence came, was never wanted, or is counted. Undefined: nothing is counted. */
  #at: number | undefined;
  /** Said before it was seen which ones they are. */
  #saidAhead = 0;
  #gathered: Removed | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(say: (removed: Removed) => void) {
    this.#say = say;
  }

  /** Counts what is missing above `at`; undefined: nothing more. */
  countFrom(at: number | undefined): void {
    this.#at = at;
    this.#saidAhead = 0;
  }

  /** A message came; again, or the next of the stream that there is. */
  came(sequence: number): void {
    if (this.#at === undefined || sequence <= this.#at) return;
    this.#missing(this.#at + 1, sequence - 1);
    this.#at = sequence;
  }

  /** The stream has nothing before this sequence. */
  beginsAt(first: number): void {
    if (this.#at === undefined || first <= this.#at + 1) return;
    this.#missing(this.#at + 1, first - 1);
    this.#at = first - 1;
    this.flush();
  }

  /** So many were said already, by who only saw that there are fewer. */
  said(count: number): void {
    if (this.#at !== undefined) this.#saidAhead += count;
  }

  /** Says what was gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const gathered = this.#gathered;
    this.#gathered = undefined;
    if (gathered !== undefined) this.#say(gathered);
  }

  #missing(from: number, to: number): void {
    const all = to - from + 1;
    const count = Math.max(0, all - this.#saidAhead);
    this.#saidAhead -= all - count;
    if (count === 0) return;
    const before = this.#gathered;
    this.#gathered = { count: (before?.count ?? 0) + count, from: before?.from ?? from, to };
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }
}
