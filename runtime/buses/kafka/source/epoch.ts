/** `rebalance`: the others wait until this member has drained. `lost`: they do not. */
export type EpochEnd = 'rebalance' | 'lost' | 'closed';

/** The time from one join to the next, during which this member has its partitions. */
export class Epoch {
  readonly #over = new AbortController();
  readonly #lost = new AbortController();
  readonly #finished = new AbortController();
  #reason: EpochEnd | undefined;

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

  finish(): void {
    this.#finished.abort();
  }
}
