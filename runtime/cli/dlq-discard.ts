import type { DlqTask } from './dlq-task.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printJson } from './output.ts';

/** Removes letters for good. Without --yes it only reports their number. */
export function discardLetters({ given, deadLetters, filter, isJson, folder }: DlqTask): ExitCode {
  const selected = deadLetters.count(filter);
  const isMeant = given.values['yes'] === true;
  const discarded = isMeant ? deadLetters.discard(filter) : 0;
  const kept = isMeant ? selected - discarded : selected;
  const ok = isMeant || selected === 0;
  if (isJson) printJson('dlq', { ok, folder, selected, discarded, kept });
  else if (isMeant) {
    const rest = kept > 0 ? ` ${kept} are on their way back and stay.` : '';
    process.stdout.write(`${discarded} of ${selected} letters are discarded.${rest}\n`);
  } else if (selected === 0) process.stdout.write('There are no such letters.\n');
  else process.stderr.write(`sluice: expected --yes, for ${selected} letters would be gone for good, found none\n`);
  return ok ? EXIT.fine : EXIT.invalid;
}
