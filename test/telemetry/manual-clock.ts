import type { Clock } from '../../runtime/engine/clock.ts';

/** Time that passes when the test says so. */
export function manualClock(): Pick<Clock, 'elapsedMs' | 'after'> & { pass(ms: number): void } {
  let nowMs = 0;
  const timers = new Map<() => void, number>();
  return {
    elapsedMs: () => nowMs,
    after(ms, run) {
      timers.set(run, nowMs + ms);
      return () => void timers.delete(run);
    },
    pass(ms) {
      nowMs += ms;
      for (const [run, atMs] of timers) {
        if (atMs > nowMs) continue;
        timers.delete(run);
        run();
      }
    },
  };
}
