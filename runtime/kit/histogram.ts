/** How many values were at most each bound, and how many were larger than all of them. Read only. */
export interface HistogramView {
  /** Ascending. */
  readonly bounds: readonly number[];
  /** One more than the bounds; not cumulative. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** A histogram with fixed bounds. To record a value allocates nothing and takes a few nanoseconds, so that messages can pay it. */
export class Histogram implements HistogramView {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** A value below zero counts as zero: it is the difference of two clocks that are not the same. */
  record(value: number): void {
    const { bounds, counts } = this;
    const used = value > 0 ? value : 0;
    let at = 0;
    while (at < bounds.length && used > (bounds[at] ?? 0)) at += 1;
    counts[at] = (counts[at] ?? 0) + 1;
    this.sum += used;
    this.count += 1;
  }
}
