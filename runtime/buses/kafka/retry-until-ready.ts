import type { SluiceError } from '#contract/errors.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import type { Link } from './link.ts';

const RETRY = { firstMs: 100, capMs: 3000 };
/** A problem that keeps a connection from working is reported within 5 s. */
const SLOW_MS = 4000;
const NO_ANSWER = 'no answer yet: check brokers and that the servers run';

/**
 * Tries until it succeeds, with a pause in between, and reports each failure as a problem. Rejects only when `signal`
 * aborts or the link is closed, with the last problem; the attempt then ends by itself. `slow`: the problem of an attempt
 * that takes long.
 */
export async function retryUntilReady<T>(
  link: Link,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  slow: () => SluiceError | undefined = () => link.error('BUS_UNREACHABLE', NO_ANSWER),
): Promise<T> {
  let problem = link.error('BUS_UNREACHABLE', 'given up before there was an answer');
  const reportProblem = (error: SluiceError): void => {
    problem = error;
    link.reportProblem(error);
  };
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  const stop = (): void => ended.reject(problem);
  const over = (): boolean => signal.aborted || link.closed;
  signal.addEventListener('abort', stop, { once: true });
  link.signal.addEventListener('abort', stop, { once: true });
  try {
    for (let failures = 1; !over(); failures += 1) {
      const late = setTimeout(() => {
        const error = slow();
        if (error !== undefined) reportProblem(error);
      }, SLOW_MS);
      try {
        return await Promise.race([attempt(), ended.promise]);
      } catch (thrown) {
        if (over()) break;
        reportProblem(link.errorOf(thrown));
      } finally {
        clearTimeout(late);
      }
      await pause(backoffMs(RETRY, failures), signal);
    }
    throw problem;
  } finally {
    signal.removeEventListener('abort', stop);
    link.signal.removeEventListener('abort', stop);
  }
}
