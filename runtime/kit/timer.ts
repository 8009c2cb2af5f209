/** Node sets a timer for longer than this to one millisecond. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Runs once after `ms`, however long that is; the function returned cancels it. */
export function after(ms: number, run: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const nowMs = Math.min(leftMs, LONGEST_TIMER_MS);
    timer = setTimeout(() => (leftMs > nowMs ? wait(leftMs - nowMs) : run()), nowMs);
  };
  wait(ms);
  return () => clearTimeout(timer);
}
