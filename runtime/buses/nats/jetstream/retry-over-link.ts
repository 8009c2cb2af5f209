import { asSluiceError } from '#contract/errors.ts';
import { retryUntilReady } from '../../support/retry-until-ready.ts';
import type { Link } from '../client/link.ts';

const BACKOFF = { firstMs: 250, capMs: 10_000 };

/**
 * Retries until it succeeds and reports each failure as a problem that suspends the end. While the connection is lost its
 * own problem is enough. Rejects only when `signal` aborts.
 */
export async function retryOverLink<T>(link: Link, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  const result = await retryUntilReady({
    attempt,
    backoff: BACKOFF,
    signal,
    isOver: () => link.closed,
    onFailure(thrown) {
      if (!link.up) return;
      const { code, message, cause } = asSluiceError(thrown, 'BUS_UNREACHABLE');
      link.problem(code, message, cause);
      link.suspensions.suspend('attempt', `${code} ${message}`);
    },
    stopped: () => link.error('BUS_UNREACHABLE', 'gave up: stopped'),
  });
  link.suspensions.resume('attempt', 'what was missing is there');
  return result;
}
