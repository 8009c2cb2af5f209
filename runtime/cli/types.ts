import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingsText } from '../project/check/findings-text.ts';
import { isBodySchema, readProjectFolders } from '../project/project-files.ts';
import { projectTypes, typesDrift, typesFile } from '../project/types/written-types.ts';
import { type Command, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';

export const types: Command = {
  usage: '[FOLDER] [--check]',
  help: { '--check': 'write nothing; exit 2 where the file is not what the schemas give' },
  examples: [
    ['', 'of the project in this folder'],
    ['--check', 'exit code 2 where the file is out of date'],
  ],
  options: { check: { type: 'boolean' } },
  words: [0, 1],
  run({ positionals: [folder = '.'], values }) {
    if (!existsSync(join(folder, 'schemas')))
      throw new UsageError(`expected the folder of a project, found no schemas/ in ${folder}`);
    const project = readProjectFolders(folder);
    const found = projectTypes(project);
    const findings =
      'findings' in found ? found.findings : values['check'] === true ? typesDrift(found.made, folder, []) : [];
    process.stderr.write(findingsText(findings));
    if (findings.length > 0 || 'findings' in found) return Promise.resolve(EXIT.invalid);
    const file = typesFile(folder);
    if (values['check'] !== true) writeFileSync(file, found.made.text);
    process.stdout.write(`${file}  the types of ${project.schemas.filter(isBodySchema).length} schemas\n`);
    return Promise.resolve(EXIT.fine);
  },
};
