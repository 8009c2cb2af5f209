import type { StageResult } from '#contract/stage.ts';
import { Joined } from '#contract/stage.ts';
import type { Clock } from '../clock.ts';
import type { StageMeter } from '../meters.ts';

type Made = StageResult | Promise<StageResult>;

/** Runs a stage and records its time, also of a call that fails, and what it made. */
export function metered(meter: StageMeter | undefined, clock: Pick<Clock, 'elapsedMs'>, run: () => Made): Made {
  if (meter === undefined) return run();
  const startedMs = clock.elapsedMs();
  meter.in += 1;
  const ended = (made: StageResult | undefined): void => {
    meter.duration.record((clock.elapsedMs() - startedMs) / 1000);
    meter.out += made === undefined ? 0 : countOf(made);
  };
  let result: Made;
  try {
    result = run();
  } catch (thrown) {
    ended(undefined);
    throw thrown;
  }
  if (result instanceof Promise) {
    return result.then(
      (made) => {
        ended(made);
        return made;
      },
      (thrown: unknown) => {
        ended(undefined);
        throw thrown;
      },
    );
  }
  ended(result);
  return result;
}

function countOf(made: StageResult): number {
  if (Array.isArray(made)) return made.length;
  if (made instanceof Joined) return made.messages.length;
  return 'origin' in made ? 1 : 0;
}
