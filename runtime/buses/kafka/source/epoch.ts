/** `rebalance`: the others wait until this member has drained. `lost`: they do not. */
export type EpochEnd = 'rebalance' | 'lost' | 'closed';

/** The time from one join to the next, during which this member has its partitions. */
export class Epoch {
  readonly #over = new AbortController();
  readonly #lost = new AbortController();
  readonly #finished = new AbortController();
  readonly #sessionMs: number;
  #sessionEndsMs: number;
  #reason: EpochEnd | undefined;

  /** `joinedMs`: when the member had joined, by `performance.now()`. */
  constructor(sessionMs: number, joinedMs: number) {
    this.#sessionMs = sessionMs;
    this.#sessionEndsMs = joinedMs + sessionMs;
  }

  /** For how long the coordinator surely waits for this member. */
  get sessionLeftMs(): number {
    return this.#sessionEndsMs - performance.now();
  }

  /** Aborts when the epoch ends. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Aborts when the others do not wait for this member any more, which can be some time after `over`. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Aborts after `over`, when the deliveries in flight have ended. */
  get finished(): AbortSignal {
    return this.#finished.signal;
  }

  /** Why it has ended. */
  get reason(): EpochEnd | undefined {
    return this.#reason;
  }

  /** The generation counts no more: other members may have the partitions already. */
  get isForfeit(): boolean {
    return this.#reason === 'lost' || this.#reason === 'closed';
  }

  /** A later `lost` or `closed` replaces `rebalance`: a generation can be lost while it drains. */
  end(reason: EpochEnd): void {
    if (this.#reason !== undefined && reason === 'rebalance') return;
    this.#reason = reason;
    if (reason === 'lost') this.#lost.abort();
    this.#over.abort(reason);
  }

  /** The coordinator has answered a request that was sent then: it took it later, and waits for one session from there on. */
  answered(sentMs: number): void {
    this.#sessionEndsMs = Math.max(this.#sessionEndsMs, sentMs + this.#sessionMs);
  }

  /**
   * Ends the epoch as lost once the session is over, by the monotonic clock: also in a process that was paused for longer, before any
   * timer of it runs.
   */
  checkSession(): void {
    if (!this.isForfeit && !this.finished.aborted && this.sessionLeftMs < 0) this.end('lost');
  }

  finish(): void {
    this.#finished.abort();
  }
}
