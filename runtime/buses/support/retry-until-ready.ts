import { type Backoff, backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import { abortable } from './abortable.ts';
import { whenSlow } from './slow-attempt.ts';

export interface RetrySettings<Ready> {
  readonly attempt: () => Promise<Ready>;
  readonly backoff: Backoff;
  /** Stops the retries at once, without waiting for the attempt under way. */
  readonly signal: AbortSignal;
  /** Stops them after the attempt under way. */
  readonly isOver: () => boolean;
  /** Called when an attempt has failed, unless the retries are stopped. */
  readonly onFailure: (thrown: unknown) => void;
  /** Called when an attempt takes longer than `slowMs`. */
  readonly onSlow?: () => void;
  readonly slowMs?: number;
  /** Disposes of what an attempt has made after the retries were stopped. */
  readonly discard?: (ready: Ready) => void;
  /** Makes the error of stopped retries. */
  readonly stopped: () => Error;
}

/** Retries an attempt until it succeeds, with a growing pause in between. Rejects only when the retries are stopped. */
export async function retryUntilReady<Ready>(settings: RetrySettings<Ready>): Promise<Ready> {
  const { attempt, backoff, signal, onFailure, onSlow, slowMs, discard, stopped } = settings;
  const isOver = (): boolean => signal.aborted || settings.isOver();
  for (let failures = 1; !isOver(); failures += 1) {
    const clear = onSlow === undefined ? undefined : whenSlow(onSlow, slowMs);
    const attempted = attempt();
    try {
      return await abortable(attempted, signal);
    } catch (thrown) {
      clear?.();
      if (isOver()) {
        attempted.then(discard, () => {});
        break;
      }
      onFailure(thrown);
    } finally {
      clear?.();
    }
    await pause(backoffMs(backoff, failures), signal);
  }
  throw stopped();
}
