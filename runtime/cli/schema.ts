import { writeFileSync } from 'node:fs';
import { catalog } from '../host/catalog.ts';
import { pipelineSchemaText } from '../project/fields/pipeline-schema.ts';
import { type Command, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { schemaCheck } from './schema-check.ts';
import { schemaDiff } from './schema-diff.ts';

export const schema: Command = {
  usage: '[--out FILE] | diff OLD NEW | check [NAME...] --against GIT_REV',
  help: {
    '--out FILE': 'write the JSON Schema of pipeline files there',
    '--against GIT_REV': 'the commit, tag or branch that the schemas of this project are compared with',
    '--compatibility C': 'what is demanded: backward (the default; new reads old), forward (old reads new), full',
    '--allow-removed': 'a schema that is gone is no incompatibility',
    '--project FOLDER': 'the folder that holds schemas/, of check; the working directory by default',
    '--json': 'print one JSON object instead of lines',
  },
  examples: [
    ['--out pipeline.schema.json', 'for the editor'],
    ['check --against v1.0', 'what changed since that tag'],
  ],
  options: {
    out: { type: 'string' },
    against: { type: 'string' },
    compatibility: { type: 'string' },
    'allow-removed': { type: 'boolean' },
    project: { type: 'string' },
    json: { type: 'boolean' },
  },
  choices: { '': ['diff', 'check'], compatibility: ['backward', 'forward', 'full'] },
  // Names of schemas may follow; the subcommands report missing words.
  words: [0, Infinity],
  run(given) {
    const [word, ...words] = given.positionals;
    if (word === 'diff') return Promise.resolve(schemaDiff(words, given));
    if (word === 'check') return schemaCheck(words, given);
    if (word !== undefined) throw new UsageError(`expected diff, check or no words, found ${word}`);
    const { out } = given.values;
    if (typeof out === 'string') writeFileSync(out, pipelineSchemaText(catalog));
    else process.stdout.write(pipelineSchemaText(catalog));
    return Promise.resolve(EXIT.fine);
  },
};
