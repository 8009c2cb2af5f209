import type { SettledBeyond } from './commit-metadata.ts';
import type { OffsetRange } from './offset-ranges.ts';

/** What other processes have settled of a partition beyond the offset from which this one reads it. */
export class SettledAhead {
  #ranges: readonly OffsetRange[];
  /** Of the first range that is not passed. */
  #next = 0;
  readonly #knownEpoch: number;
  #leaderEpoch: number;

  constructor(known: SettledBeyond | undefined) {
    this.#ranges = known?.settled ?? [];
    this.#knownEpoch = known?.leaderEpoch ?? -1;
    this.#leaderEpoch = this.#knownEpoch;
  }

  /** The newest leader epoch that this process, or those before it, have read; -1: none. */
  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** A batch of this leader epoch is read; -1: unknown. */
  reads(epoch: number): void {
    this.#leaderEpoch = Math.max(this.#leaderEpoch, epoch);
    // From here on the log was written after the ranges: their offsets may be those of other records.
    if (epoch > this.#knownEpoch) this.#ranges = [];
  }

  /** Whether the record is settled. To be called in the order of the offsets. */
  holds(offset: number): boolean {
    while ((this.#ranges[this.#next]?.to ?? Infinity) <= offset) this.#next += 1;
    return (this.#ranges[this.#next]?.from ?? Infinity) <= offset;
  }

  /** The ranges at and behind this offset. */
  behind(offset: number): readonly OffsetRange[] {
    const left = this.#ranges.slice(this.#next).filter(({ to }) => to > offset);
    return left.map(({ from, to }) => ({ from: Math.max(from, offset), to }));
  }
}
