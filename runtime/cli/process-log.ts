import type { LogFields } from '#contract/log.ts';
import type { LogLevels } from '../telemetry/log-levels.ts';
import { newLog, type WrittenLog } from '../telemetry/log.ts';

/** Which lines there are, and what each says. */
export interface LogSettings {
  readonly levels?: LogLevels;
  /** Fields of each line for machines. */
  readonly fields?: LogFields;
}

/** The log of a command, on standard error: text for a terminal, JSON for any other output. */
export function processLog({ levels, fields }: LogSettings = {}): WrittenLog {
  // The reader of the lines may have ended; the bridge goes on without it.
  process.stderr.on('error', () => {});
  const isJson = !process.stderr.isTTY;
  const log = newLog({
    write: (line) => process.stderr.write(line),
    isJson,
    summarises: true,
    ...(levels !== undefined && { levels }),
    ...(isJson && fields !== undefined && { fields }),
  });
  process.once('exit', () => log.flush());
  return log;
}
