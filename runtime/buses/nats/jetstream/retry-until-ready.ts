import { asSluiceError } from '#contract/errors.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import { abortable } from '../../support/abortable.ts';
import type { Link } from '../client/link.ts';

const RETRY = { firstMs: 250, capMs: 10_000 };

/**
 * Tries until it succeeds, with a pause in between, and reports each failure as a problem that suspends the end; while the
 * connection itself is away that is problem enough. Rejects only when `signal` aborts.
 */
export async function retryUntilReady<T>(link: Link, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 1; !signal.aborted && !link.closed; failures += 1) {
    try {
      const result = await abortable(attempt(), signal);
      link.suspensions.resume('attempt', 'what was missing is there');
      return result;
    } catch (error) {
      if (signal.aborted || link.closed) break;
      const { code, message, cause } = asSluiceError(error, 'BUS_UNREACHABLE');
      if (link.up) {
        link.problem(code, message, cause);
        link.suspensions.suspend('attempt', `${code} ${message}`);
      }
      await pause(backoffMs(RETRY, failures), signal);
    }
  }
  throw link.error('BUS_UNREACHABLE', 'gave up: stopped');
}
