import { writeFileSync } from 'node:fs';
import { catalog } from '../host/catalog.ts';
import { pipelineSchemaText } from '../project/fields/pipeline-schema.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';

export const schema: Command = {
  usage: '[--out FILE]',
  help: { '--out FILE': 'write it there' },
  options: { out: { type: 'string' } },
  words: 0,
  run({ values }) {
    const { out } = values;
    if (typeof out === 'string') writeFileSync(out, pipelineSchemaText(catalog));
    else process.stdout.write(pipelineSchemaText(catalog));
    return Promise.resolve(EXIT.fine);
  },
};
