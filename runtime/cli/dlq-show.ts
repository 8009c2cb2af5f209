import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { changedBefore } from '../store/dead-letters/changed-before.ts';
import type { StoredLetter } from '../store/dead-letters/stored-letter.ts';
import { divided } from '../labels/clearance.ts';
import { UsageError } from './command.ts';
import type { DlqTask } from './dlq-task.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { letterJson } from './dead-letter-json.ts';
import { deadLetterText } from './dead-letter-text.ts';
import { printJson } from './output.ts';

export function showLetters({ pipeline: { spec }, deadLetters, filter, clearance, isJson, folder }: DlqTask): ExitCode {
  const { numbers } = filter;
  if (numbers === undefined) throw new UsageError('expected the number of a letter behind the pipeline, found none');
  const found = [...deadLetters.each(filter)];
  const { allowed: letters, denied: hidden } = divided(found, clearance);
  const denied = hidden.map(({ number }) => number);
  const missing = numbers.filter((number) => !found.some((letter) => letter.number === number));
  if (isJson) {
    const ok = missing.length === 0 && denied.length === 0;
    printJson('dlq', { ok, folder, letters: letters.map(letterJson), missing, denied });
  } else {
    process.stdout.write(letters.map((letter) => deadLetterText(letter, changerOf(letter, spec))).join('\n'));
    for (const number of missing) process.stderr.write(`sluice: expected letter ${number} in ${folder}, found none\n`);
  }
  for (const number of isJson ? [] : denied) {
    process.stderr.write(`sluice: LABEL_DENIED  letter ${number} is above the clearance ${clearance.text ?? ''}\n`);
  }
  return missing.length === 0 && denied.length === 0 ? EXIT.fine : EXIT.invalid;
}

function changerOf({ route, stage }: StoredLetter, { routes }: PipelineSpec): string | undefined {
  const stages = routes.find(({ name }) => name === route)?.stages ?? [];
  const named = stages.map(({ verb, name, kind }) => ({ name: `${verb} ${name}`, changesBody: kind.changesBody }));
  return changedBefore(named, stage);
}
