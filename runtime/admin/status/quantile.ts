import type { HistogramView } from '#kit/histogram.ts';

/**
 * The value that this share of the values does not exceed, of those recorded since `before` (counts of the same bounds). It lies
 * within a bucket, where it is estimated as if the values were spread evenly; beyond the last bound it is that bound. Undefined where
 * nothing was recorded.
 */
export function quantileOf(
  { bounds, counts }: HistogramView,
  before: readonly number[],
  share: number,
): number | undefined {
  const recent = counts.map((count, at) => Math.max(0, count - (before[at] ?? 0)));
  const total = recent.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const wanted = share * total;
  let seen = 0;
  for (const [at, count] of recent.entries()) {
    if (seen + count >= wanted && count > 0) {
      const low = bounds[at - 1] ?? 0;
      const high = bounds[at] ?? low;
      return low + (high - low) * ((wanted - seen) / count);
    }
    seen += count;
  }
  return bounds.at(-1);
}
