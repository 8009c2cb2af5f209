/** The first report of a problem is due within 5 s: an attempt without an answer for so long is slow. */
export const SLOW_MS = 4000;

/** Calls `report` after `afterMs`; the returned function cancels it. */
export function whenSlow(report: () => void, afterMs = SLOW_MS): () => void {
  const timer = setTimeout(report, afterMs);
  return () => clearTimeout(timer);
}
