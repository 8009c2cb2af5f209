import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { didYouMean } from '#kit/nearest.ts';
import { packageFolder } from '../project/package-folder.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { ownSpec } from './new/own-spec.ts';
import { projectFiles } from './new/project-files.ts';
import { nameFlaw, pipelineName } from './new/project-name.ts';
import { DEFAULTS, type Starter, STARTER_BUSES, STARTER_CLASSES, unkept } from './new/starter.ts';
import { occupant, writeProject } from './new/write-project.ts';
import { jsonLine } from './output.ts';

export const newProject: Command = {
  usage: '[NAME] [--from BUS] [--to BUS] [--class CLASS] [--json]',
  help: {
    '--from BUS': `the bus that it reads: ${STARTER_BUSES.join(', ')} (default ${DEFAULTS.from})`,
    '--to BUS': `the bus that it writes to: the same (default ${DEFAULTS.to})`,
    '--class CLASS': `${STARTER_CLASSES.join(', ')} (default ${DEFAULTS.class})`,
    '--json': 'print one JSON object with the folder and its files',
  },
  examples: [
    ['my-bridge', 'asks for what is not given, where a terminal watches'],
    ['my-bridge --from kafka --to rabbitmq --class event', 'asks nothing'],
  ],
  options: { from: { type: 'string' }, to: { type: 'string' }, class: { type: 'string' }, json: { type: 'boolean' } },
  words: [0, 1],
  async run(given) {
    const starter = await chosen(given);
    if (starter === undefined) return EXIT.invalid;
    const flaw = placeFlaw(starter.name) ?? unkept(starter);
    if (flaw !== undefined) throw new UsageError(flaw);
    const folder = resolve(starter.name);
    const files = projectFiles(starter, ownSpec(folder));
    writeProject(folder, files);
    const written = [...Object.keys(files), 'schemas/types.d.ts'].toSorted();
    process.stdout.write(
      given.values['json'] === true
        ? jsonLine('new', {
            ok: true,
            folder,
            pipeline: `pipelines/${pipelineName(starter.name)}.yaml`,
            files: written,
          })
        : `${written.map((path) => `  ${join(starter.name, path)}\n`).join('')}\n${nextSteps(starter.name)}`,
    );
    return EXIT.fine;
  },
};

/** The words, those that are missing asked for where a person can answer. */
async function chosen({ positionals: [name], values }: Arguments): Promise<Starter | undefined> {
  const given = {
    ...(name !== undefined && { name }),
    ...word('from', values['from'], STARTER_BUSES),
    ...word('to', values['to'], STARTER_BUSES),
    ...word('class', values['class'], STARTER_CLASSES),
  };
  const flaw = name === undefined ? undefined : placeFlaw(name);
  if (flaw !== undefined) throw new UsageError(flaw);
  const { stdin, stdout, env } = process;
  const isWatched = stdin.isTTY && stdout.isTTY && (env['CI'] ?? '') === '' && values['json'] !== true;
  if (isWatched && Object.keys(given).length < 4)
    return (await import('./new/ask.ts')).ask(given, placeFlaw, { input: stdin, output: stdout });
  if (name === undefined) throw new UsageError('expected the name of the project, found none');
  return { ...DEFAULTS, name, ...given };
}

function word<Name extends string, Word extends string>(
  name: Name,
  value: Arguments['values'][string],
  words: readonly Word[],
): { [name in Name]?: Word } {
  if (typeof value !== 'string') return {};
  const known = words.find((one) => one === value);
  if (known === undefined)
    throw new UsageError(
      `expected --${name} to be one of ${words.join(', ')}, found ${value}${didYouMean(value, words)}`,
    );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key has no narrower type
  return { [name]: known } as { [name in Name]?: Word };
}

function placeFlaw(name: string): string | undefined {
  const found = nameFlaw(name);
  if (found !== undefined) return found;
  const there = occupant(resolve(name));
  return there === undefined ? undefined : `expected no ${name} here, or an empty folder, found ${there}`;
}

function nextSteps(name: string): string {
  const clone = packageFolder();
  const isUnbuilt = existsSync(join(clone, 'runtime')) && !existsSync(join(clone, 'dist', 'door'));
  const build = isUnbuilt ? `  npm run build --prefix ${clone}\n` : '';
  return `Next:\n${build}  cd ${name}\n  npm install\n  npm test\n`;
}
