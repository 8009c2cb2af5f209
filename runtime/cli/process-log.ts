import type { Log } from '#contract/log.ts';
import { newLog } from '../telemetry/log.ts';

/** The log of a command, on standard error: text for a terminal, JSON for any other output. */
export function processLog(): Log {
  // The reader of the lines may have ended; the bridge goes on without it.
  process.stderr.on('error', () => {});
  return newLog({ write: (line) => process.stderr.write(line), isJson: !process.stderr.isTTY });
}
