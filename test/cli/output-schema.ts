import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';
import { OUTPUT_SCHEMA } from '../harness/output-schema.ts';
import { REPOSITORY } from '../harness/repository.ts';

const HEAD = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'What each command of sluice prints with --json',
  description:
    'The properties are the commands. A command prints one object on one line; one that goes on prints an object a line. Later versions add properties and remove none.',
};

/** schemas/command-output.schema.json, made of the types of what the commands print. */
export function outputSchemaText(): string {
  const { properties, required, definitions } = createGenerator({
    path: join(REPOSITORY, 'runtime/cli/output.ts'),
    tsconfig: join(REPOSITORY, 'tsconfig.json'),
    type: 'CommandOutput',
    skipTypeCheck: true,
    additionalProperties: true,
    topRef: false,
  }).createSchema('CommandOutput');
  return `${JSON.stringify({ ...HEAD, type: 'object', properties, required, definitions }, undefined, 2)}\n`;
}

if (import.meta.main) writeFileSync(OUTPUT_SCHEMA, outputSchemaText());
