import type { Log } from '#contract/log.ts';
import type { LoadedFunction } from '#contract/stage-kind.ts';
import { reportFailure } from './report-failure.ts';

/**
 * Hears what is thrown outside of every call: in a timer, an event, a promise that nobody awaits. Where a function
 * threw it, it is said and that is all: the message that it came from has its own end, and the others are none of its
 * business. Anything else is a fault of the bridge and ends the process at once: what is unsettled stays with the
 * source. Returns what ends the watch.
 */
export function logStrayErrors(functions: ReadonlyMap<string, LoadedFunction>, log: Log): () => void {
  const [any] = functions.values();
  const heard = (thrown: unknown): void => {
    const position = any?.explain(thrown).position;
    if (position === undefined) process.exit(reportFailure(thrown, log));
    const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : '';
    log.error('stray-error', { position, text: `${text} (thrown where no message waits for it: await every promise)` });
  };
  // Rejections that nobody handles arrive here as well.
  process.on('uncaughtException', heard);
  return () => {
    process.off('uncaughtException', heard);
  };
}
