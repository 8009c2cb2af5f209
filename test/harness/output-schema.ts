import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { REPOSITORY } from './repository.ts';

export const OUTPUT_SCHEMA = join(REPOSITORY, 'schemas/command-output.schema.json');

let ajv: Ajv | undefined;

function validator(word: string): ValidateFunction | undefined {
  if (ajv === undefined) {
    ajv = new Ajv({ strict: false, allErrors: true });
    ajv.addSchema(JSON.parse(readFileSync(OUTPUT_SCHEMA, 'utf8')) as object, 'output');
  }
  return ajv.getSchema(`output#/properties/${word}`);
}

/** What is wrong with the output of `sluice WORD ... --json` by the published schema; undefined where nothing is. */
export function outputFault(word: string, output: string): string | undefined {
  const judge = validator(word);
  if (judge === undefined) return `the schema of command outputs has no ${word}`;
  for (const line of output.split('\n').filter((text) => text !== '')) {
    if (!judge(JSON.parse(line))) return `${ajv?.errorsText(judge.errors)} in ${line.slice(0, 1000)}`;
  }
  return undefined;
}
