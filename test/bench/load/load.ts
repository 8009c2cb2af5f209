import type { Where } from '../bridge.ts';

/** One bus as a bench needs it. */
export interface Load {
  /** Whether what a bridge has read is gone from the source: each run must fill it anew. */
  readonly isConsumed: boolean;
  /** Makes the source of the run of this name anew and puts messages of 50 keys into it, as fast as it goes; resolves when all are confirmed. */
  fill(where: Where, count: number, name: string): Promise<void>;
  /** Makes a target for the run of this name anew. */
  makeTarget(where: Where, name: string): Promise<void>;
  /** How many messages the target of the run holds; undefined where nobody can tell. */
  held(where: Where, name: string): Promise<number | undefined>;
}

/** How many messages of which kind: all loads are the same. */
export const KEYS = 50;

/**
 * Calls `send` for each number below `count`, at most `window` at a time without their `done`. Resolves when all are done.
 */
export function inWindow(
  count: number,
  window: number,
  send: (number: number, done: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let next = 0;
    let finished = 0;
    let isFilling = false;
    const fill = (): void => {
      // A `done` that is called at once must not call us from within.
      if (isFilling) return;
      isFilling = true;
      while (next < count && next - finished < window) {
        next += 1;
        send(next - 1, done);
      }
      isFilling = false;
      if (finished === count) resolve();
    };
    const done = (): void => {
      finished += 1;
      fill();
    };
    fill();
  });
}
