import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '#contract/errors.ts';
import { advise as adviceFor } from '../advise/advise.ts';
import { adviceJson } from '../advise/advice-json.ts';
import { adviceText } from '../advise/advice-text.ts';
import { NEEDS_SCHEMA } from '../advise/needs-schema.ts';
import type { Asker } from '../advise/questions.ts';
import { readNeeds } from '../advise/read-needs.ts';
import { catalog } from '../host/catalog.ts';
import { type Command, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { shortPath } from './short-path.ts';
import { printJson } from './output.ts';
import { refuseFindings } from './refuse-findings.ts';

/** Of a page, where no terminal has a width. */
const PAGE_WIDTH = 120;

export const advise: Command = {
  usage: '[NEEDS.yaml] [--out PIPELINE] [--needs FILE] [--json] | --schema',
  help: {
    '--out PIPELINE': 'write the pipeline file too, such as pipelines/fleet.yaml; an existing file is never replaced',
    '--needs FILE': 'write the answers to the questions as a needs file',
    '--json': 'print one JSON object instead of text',
    '--schema': 'print the JSON Schema of needs files, for editors',
  },
  examples: [
    ['', 'asks for the needs, at a terminal'],
    ['needs.yaml', 'a bus, a class and settings for each need of the file, with the reasons'],
    ['needs.yaml --out pipelines/fleet.yaml', 'and the pipeline file'],
  ],
  options: {
    out: { type: 'string' },
    needs: { type: 'string' },
    json: { type: 'boolean' },
    schema: { type: 'boolean' },
  },
  words: [0, 1],
  async run({ positionals, values }) {
    if (values['schema'] === true) {
      process.stdout.write(`${JSON.stringify(NEEDS_SCHEMA, undefined, 2)}\n`);
      return EXIT.fine;
    }
    const [file] = positionals;
    const isJson = values['json'] === true;
    const [out, answers] = [fresh(values['out']), fresh(values['needs'])];
    if (file !== undefined && answers !== undefined)
      throw new UsageError('expected either a needs file or --needs, found both: there are no questions');
    const asker = file === undefined ? await terminal() : undefined;
    const text = asker === undefined ? readText(file ?? '') : await (await questions()).askNeeds(asker);
    const { needs, findings } = readNeeds(text, shortPath(file ?? 'the answers'), catalog);
    if (needs === undefined) return refuseFindings(findings, isJson ? 'advise' : undefined);
    const advice = adviceFor(needs, catalog);
    if (out !== undefined && advice.pipeline === undefined)
      throw new UsageError(
        `expected a need that goes from one server to another, found none: ${out} would have no route`,
      );
    if (isJson) printJson('advise', adviceJson(advice));
    else process.stdout.write(adviceText(advice, process.stdout.isTTY ? process.stdout.columns || 80 : PAGE_WIDTH));
    const { pipeline } = advice;
    await keep(text, answers, asker, join('needs', `${needs.name}.yaml`));
    if (pipeline !== undefined) await keep(pipeline, out, asker, join('pipelines', `${needs.name}.yaml`));
    return EXIT.fine;
  },
};

function questions() {
  return import('../advise/questions.ts');
}

async function terminal(): Promise<Asker> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError('expected a needs file, or a terminal that can ask, found neither');
  return (await import('./advise-asker.ts')).terminalAsker;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(`expected a needs file, found ${messageOf(thrown)}`);
  }
}

/** The name of a file that is not there yet. */
function fresh(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  if (existsSync(name)) throw new UsageError(`expected the name of a new file, found ${name}, which is there already`);
  return name;
}

/** Writes a file of that name; where none is given, a person is asked about the usual one. */
async function keep(text: string, name: string | undefined, asker: Asker | undefined, usual: string): Promise<void> {
  if (name === undefined && (asker === undefined || existsSync(usual))) return;
  if (name === undefined && (await asker?.confirm(`Write ${usual}?`)) !== true) return;
  const file = name ?? usual;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
  } catch (thrown) {
    throw new UsageError(`expected to write ${file}, found ${messageOf(thrown)}`, { cause: thrown });
  }
  process.stderr.write(`wrote ${file}\n`);
}
