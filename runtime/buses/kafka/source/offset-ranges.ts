/** Offsets from `from` up to, and without, `to`. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

/** How many offsets the ranges hold. */
export function offsetCount(ranges: readonly OffsetRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}
