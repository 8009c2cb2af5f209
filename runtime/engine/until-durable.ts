import { backoffMs } from '#kit/backoff.ts';
import type { Clock } from './clock.ts';

/** The usual delay between two attempts, in milliseconds: it doubles up to the longest one. */
const BACKOFF = { firstMs: 100, capMs: 5000 };

/** An act that must succeed before its delivery may be settled: until then the delivery counts against the window. */
export interface DurableAct {
  /** Throws or rejects where the store cannot be written now. */
  readonly act: () => void | Promise<void>;
  /** Whether nobody needs it any more: the runtime has released the delivery. */
  readonly isOver: () => boolean;
  /** Takes the failure. May return a delay before the next attempt, in milliseconds, in the place of the usual one. */
  readonly failed: (thrown: unknown) => number | undefined;
}

/** Acts until it succeeds or is over. `first`: an attempt that was made. Never rejects. Resolves with whether it succeeded. */
export async function untilDurable(
  clock: Clock,
  { act, isOver, failed }: DurableAct,
  first?: Promise<void>,
): Promise<boolean> {
  for (let failures = 1; !isOver(); failures += 1) {
    try {
      await (failures === 1 && first !== undefined ? first : act());
      return true;
    } catch (thrown) {
      const delayMs = failed(thrown) ?? backoffMs(BACKOFF, failures, clock.random);
      await new Promise<void>((resolve) => {
        clock.after(delayMs, resolve);
      });
    }
  }
  return false;
}
