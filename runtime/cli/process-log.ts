import type { Log } from '#contract/log.ts';
import { newLog } from '../telemetry/log.ts';

/** The log of a command: standard error, words for a terminal, JSON for everything else. */
export function processLog(): Log {
  // Whoever read the lines may be gone; the bridge goes on without them.
  process.stderr.on('error', () => {});
  return newLog({ write: (line) => process.stderr.write(line), isJson: !process.stderr.isTTY });
}
