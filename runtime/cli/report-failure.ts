import { SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Says why a pipeline ended that nobody stopped. Returns the exit code: a fault of the surroundings, or of the bridge. */
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
