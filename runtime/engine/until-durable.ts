import type { Clock } from './clock.ts';

/** An act that must succeed before its delivery may be settled: until then the delivery counts against the window. */
export interface DurableAct {
  /** Rejects where the store cannot be written now. */
  readonly act: () => Promise<void>;
  /** Whether nobody needs it any more: the runtime has released the delivery. */
  readonly isOver: () => boolean;
  /** Takes the failure, and returns the delay before the next attempt, in milliseconds. `failures`: from 1. */
  readonly failed: (thrown: unknown, failures: number) => number;
}

/** Acts until it succeeds or is over. Never rejects. Resolves with whether it succeeded. */
export async function untilDurable(clock: Clock, { act, isOver, failed }: DurableAct): Promise<boolean> {
  for (let failures = 1; !isOver(); failures += 1) {
    try {
      await act();
      return true;
    } catch (thrown) {
      const delayMs = failed(thrown, failures);
      await new Promise<void>((resolve) => {
        clock.after(delayMs, resolve);
      });
    }
  }
  return false;
}
