import { SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Logs why a pipeline ended without a signal. Returns the exit code: a fault of the environment, or of the bridge. */
export function reportFailure(thrown: unknown, log: Log): ExitCode {
  if (thrown instanceof SluiceError && thrown.code !== 'INTERNAL') {
    const { code, message, remedy } = thrown;
    log.error('ended', { code, text: `${message}. ${remedy}` });
    return EXIT.environment;
  }
  log.error('ended', {
    code: 'INTERNAL',
    text: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  });
  return EXIT.internal;
}
