import type { SluiceError } from '#contract/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Says on standard error what a command failed on. Returns the exit code: a fault of the environment, or of Sluice. */
export function tellFailure({ code, message, remedy }: SluiceError): ExitCode {
  process.stderr.write(`sluice: ${code}  ${message}. ${remedy}\n`);
  return code === 'INTERNAL' ? EXIT.internal : EXIT.environment;
}
