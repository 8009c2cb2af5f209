/** Gaps within this time are one report: a stream may have a gap behind each message. */
const GATHER_MS = 1000;

/** `count` messages with sequences from `from` on, none behind `to`. */
export interface Removed {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Counts the messages that a stream lost before they were read, when the route reads the whole stream: each missing
 * sequence is one message.
 */
export class RemovedMessages {
  readonly #report: (removed: Removed) => void;
  /** Every sequence up to this one was received, was never wanted, or is counted. Undefined: nothing is counted. */
  #at: number | undefined;
  /** Messages that were reported before their sequences were known. */
  #reportedAhead = 0;
  #gathered: Removed | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(report: (removed: Removed) => void) {
    this.#report = report;
  }

  /** Counts missing sequences above `at`; undefined: counts no more. */
  countFrom(at: number | undefined): void {
    this.#at = at;
    this.#reportedAhead = 0;
  }

  /** A message was received: again, or the next that the stream has. */
  received(sequence: number): void {
    if (this.#at === undefined || sequence <= this.#at) return;
    this.#missing(this.#at + 1, sequence - 1);
    this.#at = sequence;
  }

  /** The stream begins at this sequence. */
  beginsAt(first: number): void {
    if (this.#at === undefined || first <= this.#at + 1) return;
    this.#missing(this.#at + 1, first - 1);
    this.#at = first - 1;
    this.flush();
  }

  /** So many were reported already from a lower pending count, without their sequences. */
  reported(count: number): void {
    if (this.#at !== undefined) this.#reportedAhead += count;
  }

  /** Reports the gathered gaps. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const gathered = this.#gathered;
    this.#gathered = undefined;
    if (gathered !== undefined) this.#report(gathered);
  }

  #missing(from: number, to: number): void {
    const all = to - from + 1;
    const count = Math.max(0, all - this.#reportedAhead);
    this.#reportedAhead -= all - count;
    if (count === 0) return;
    const before = this.#gathered;
    this.#gathered = { count: (before?.count ?? 0) + count, from: before?.from ?? from, to };
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }
}
