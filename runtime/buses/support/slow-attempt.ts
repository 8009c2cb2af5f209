/** The first report of what keeps a connection from working is due within 5 s: an attempt without an answer is slow by then. */
export const SLOW_MS = 4000;

/** Calls `report` when an attempt has taken so long; the function returned ends that. */
export function whenSlow(report: () => void, afterMs = SLOW_MS): () => void {
  const timer = setTimeout(report, afterMs);
  return () => clearTimeout(timer);
}
