import type { Log } from '#contract/log.ts';
import { processLog } from './process-log.ts';

/** Without info lines: the meter shows the progress. */
export function quietLog(): Log {
  const log = processLog();
  return {
    info() {},
    warn: (event, fields) => log.warn(event, fields),
    error: (event, fields) => log.error(event, fields),
  };
}
