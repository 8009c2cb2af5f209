import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '#contract/errors.ts';
import { advise as adviceFor } from '../advise/advise.ts';
import { adviceJson } from '../advise/advice-json.ts';
import { adviceText } from '../advise/advice-text.ts';
import { readNeeds } from '../advise/read-needs.ts';
import { catalog } from '../host/catalog.ts';
import { findingsEnvelope, findingsText } from '../project/check/findings-text.ts';
import { type Command, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { shortPath } from './short-path.ts';

/** Of a page, where no terminal has a width. */
const PAGE_WIDTH = 120;

export const advise: Command = {
  usage: '[NEEDS.yaml] [--out PIPELINE] [--needs FILE] [--json]',
  help: {
    '--out PIPELINE': 'write the pipeline file too, such as pipelines/fleet.yaml; an existing file is never replaced',
    '--needs FILE': 'write the answers to the questions as a needs file',
    '--json': 'print one JSON object instead of text',
  },
  examples: [
    ['', 'asks for the needs, at a terminal'],
    ['needs.yaml', 'a bus, a class and settings for each need of the file, with the reasons'],
    ['needs.yaml --out pipelines/fleet.yaml', 'and the pipeline file'],
  ],
  options: { out: { type: 'string' }, needs: { type: 'string' }, json: { type: 'boolean' } },
  words: [0, 1],
  async run({ positionals, values }) {
    const [file] = positionals;
    const isJson = values['json'] === true;
    const [out, answers] = [fresh(values['out']), fresh(values['needs'])];
    const text = file === undefined ? await asked() : readText(file);
    const { needs, findings } = readNeeds(text, shortPath(file ?? 'the answers'), catalog);
    if (needs === undefined) return refused(findings, isJson);
    if (answers !== undefined) write(answers, text);
    const advice = adviceFor(needs, catalog);
    if (isJson) process.stdout.write(`${JSON.stringify(adviceJson(advice))}\n`);
    else process.stdout.write(adviceText(advice, process.stdout.isTTY ? process.stdout.columns || 80 : PAGE_WIDTH));
    if (out === undefined) return EXIT.fine;
    if (advice.pipeline === undefined) {
      process.stderr.write(`sluice: no need crosses from one server to another: ${out} would have no route\n`);
      return EXIT.invalid;
    }
    write(out, advice.pipeline);
    process.stderr.write(`wrote ${out}. Next: sluice check ${out}\n`);
    return EXIT.fine;
  },
};

async function asked(): Promise<string> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError('expected a needs file, or a terminal that can ask, found neither');
  const [{ askNeeds }, { terminalAsker }] = await Promise.all([
    import('../advise/questions.ts'),
    import('./advise-asker.ts'),
  ]);
  return askNeeds(terminalAsker);
}

function refused(findings: Parameters<typeof findingsText>[0], isJson: boolean): ExitCode {
  if (isJson) process.stdout.write(`${JSON.stringify(findingsEnvelope(findings))}\n`);
  else process.stderr.write(findingsText(findings));
  return EXIT.invalid;
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

function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
  } catch (thrown) {
    throw new UsageError(`expected to write ${file}, found ${messageOf(thrown)}`);
  }
}
