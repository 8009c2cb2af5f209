import type { Log } from '#contract/log.ts';
import type { LoadedFunction } from '#contract/stage-kind.ts';
import { reportFailure } from './report-failure.ts';

/**
 * Handles errors that are thrown outside of every call: in a timer, an event, a promise that is not awaited. An error of
 * a function is only logged: its message has its own end, and no other message is affected. Any other error is a fault of
 * the bridge and ends the process at once: unsettled messages stay with the source. The function returned ends the
 * handling.
 */
export function logStrayErrors(functions: ReadonlyMap<string, LoadedFunction>, log: Log): () => void {
  const [any] = functions.values();
  const onThrown = (thrown: unknown): void => {
    const position = any?.explain(thrown).position;
    if (position === undefined) process.exit(reportFailure(thrown, log));
    const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : '';
    log.error('stray-error', {
      position,
      text: `${text} (thrown outside of a call for a message: await every promise)`,
    });
  };
  // Unhandled rejections arrive here as well.
  process.on('uncaughtException', onThrown);
  return () => {
    process.off('uncaughtException', onThrown);
  };
}
