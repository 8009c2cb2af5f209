import { asSluiceError, SluiceError } from '#contract/errors.ts';
import { after } from '#kit/timer.ts';
import { Refusal } from './step.ts';

const AGAIN_MS = 500;

interface Waiting {
  /** Whether the guard stops. */
  readonly isOver: () => boolean;
  /** It cannot be written; undefined: it can again. */
  readonly onTrouble: (trouble: SluiceError | undefined) => void;
}

/**
 * Tries again while the disk refuses, however long: without its record nothing leaves, and nothing is settled. A Refusal is no fault of
 * the disk. Rejects with GUARD_AUDIT once the guard stops.
 */
export async function untilWritten<Result>(
  act: () => Result | Promise<Result>,
  { isOver, onTrouble }: Waiting,
): Promise<Result> {
  for (let isTold = false; ;) {
    if (isOver())
      throw new SluiceError('GUARD_AUDIT', 'expected a record in the audit file, found that the guard stops');
    try {
      const result = await act();
      if (isTold) onTrouble(undefined);
      return result;
    } catch (thrown) {
      if (thrown instanceof Refusal) throw thrown;
      onTrouble(asSluiceError(thrown, 'GUARD_AUDIT'));
      isTold = true;
      await new Promise<void>((resolve) => {
        after(AGAIN_MS, resolve);
      });
    }
  }
}
