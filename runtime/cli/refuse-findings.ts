import type { Finding } from '../project/check/findings.ts';
import { findingsEnvelope, findingsText, withoutNotices } from '../project/check/findings-text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type CommandOutput, type Findings, printJson } from './output.ts';

/** A command that has `Findings` among its outputs. */
type RefusingWord = {
  [Word in keyof CommandOutput]: Findings extends CommandOutput[Word] ? Word : never;
}[keyof CommandOutput];

/** Says why a command does not begin: on standard error, or for `json`, a command, as its output. Returns the exit code. */
export function refuseFindings(findings: readonly Finding[], json?: RefusingWord): ExitCode {
  if (json === undefined) process.stderr.write(findingsText(withoutNotices(findings)));
  else printJson(json, findingsEnvelope(findings));
  return EXIT.invalid;
}
