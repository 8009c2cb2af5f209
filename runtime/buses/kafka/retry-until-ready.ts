import type { SluiceError } from '#contract/errors.ts';
import { retryUntilReady as retry } from '../support/retry-until-ready.ts';
import type { Link } from './link.ts';

const BACKOFF = { firstMs: 100, capMs: 3000 };
const NO_ANSWER = 'no answer yet: check brokers and that the servers run';

/**
 * Tries until it succeeds, with a pause in between, and reports each failure as a problem. Rejects only when `signal`
 * aborts or the link is closed, with the last problem; the attempt is then left to end by itself. `slow`: the problem of an
 * attempt that takes long.
 */
export function retryUntilReady<T>(
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
  return retry({
    attempt,
    backoff: BACKOFF,
    signal: AbortSignal.any([signal, link.signal]),
    isOver: () => link.closed,
    onFailure: (thrown) => reportProblem(link.errorOf(thrown)),
    onSlow() {
      const error = slow();
      if (error !== undefined) reportProblem(error);
    },
    stopped: () => problem,
  });
}
