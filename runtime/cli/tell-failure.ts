import type { SluiceError } from '#contract/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type CommandOutput, type Failure, printJson } from './output.ts';

/** A command that has `Failure` among its outputs. */
type FailingWord = {
  [Word in keyof CommandOutput]: Failure extends CommandOutput[Word] ? Word : never;
}[keyof CommandOutput];

/**
 * Says what a command failed on: on standard error, or for `json`, a command, as its output. Returns the exit code: a fault of the
 * environment, or of Sluice.
 */
export function tellFailure({ code, message, remedy }: SluiceError, json?: FailingWord): ExitCode {
  if (json === undefined) process.stderr.write(`sluice: ${code}  ${message}. ${remedy}\n`);
  else printJson(json, { ok: false, error: { code, message, remedy } });
  return code === 'INTERNAL' ? EXIT.internal : EXIT.environment;
}
