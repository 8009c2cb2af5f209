import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { messageOf } from '#contract/errors.ts';
import { harmless } from '#kit/printable.ts';
import { RehearsalError } from '../rehearsal/rehearsal-error.ts';
import { golden, type GoldenDifference } from '../rehearsal/trial/golden.ts';
import { outageOf } from '../rehearsal/trial/outage.ts';
import { trial } from '../rehearsal/trial/trial.ts';
import { trialLines } from '../rehearsal/trial/trial-lines.ts';
import { messageText, type Paint, summaryText } from '../rehearsal/trial/trial-text.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { readRehearsedFile } from './open-rehearsal.ts';
import { isLive, paintOf } from './paint.ts';
import type { TerminalStream } from './screen.ts';
import { jsonLine } from './output.ts';

const SHOWN = 20;
const PER_SECOND = 10;

export const tryOut: Command = {
  usage:
    'PIPELINE --in FILE.jsonl|- [--route R] [--address A] [--outage core:30s@10s] [--rate 10/s] [--show 20] [--golden DIR [--update]] [--json]',
  help: {
    '--in FILE|-':
      'messages in JSON Lines: bodies, or envelopes { body, address, key, headers, label, id, at } (docs/try.md)',
    '--route R': 'this route alone gets them',
    '--address A': 'the topic, subject or queue of messages that name none',
    '--outage NAME:FOR@FROM':
      'the connection NAME is away for so long, from so long after the start on; may be repeated',
    '--rate 10/s': 'of messages that name no time, where there is an outage (default 10/s)',
    '--show N|all': 'print the first N messages (default 20), not the summary alone',
    '--golden DIR': 'compare with the results that DIR keeps; exit code 4 where they differ',
    '--update': 'write the results into the folder of --golden',
    '--json': 'print one JSON object instead of text',
  },
  examples: [
    ['pipelines/orders.yaml --in day1.jsonl', 'what each stage does to each message, without a broker'],
    [
      'pipelines/orders.yaml --in day1.jsonl --outage core:30s@10s',
      'what an outage keeps, supersedes, expires and repeats',
    ],
    [
      'pipelines/orders.yaml --in day1.jsonl --golden test/golden',
      'as a regression test; --update writes what it compares with',
    ],
  ],
  options: {
    in: { type: 'string' },
    route: { type: 'string' },
    address: { type: 'string' },
    outage: { type: 'string', multiple: true },
    rate: { type: 'string' },
    show: { type: 'string' },
    golden: { type: 'string' },
    update: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  words: 1,
  async run(given) {
    process.once('SIGINT', interrupted);
    try {
      return await tryMessages(given, process);
    } finally {
      process.off('SIGINT', interrupted);
    }
  },
};

/** The end of the process removes the state of the trial. */
function interrupted(): never {
  process.exit(130);
}

/** Where the results and what is wrong are written. */
export interface TryStreams {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
}

/** `sluice try` with other streams than those of the process. */
export async function tryMessages(given: Arguments, streams: TryStreams): Promise<ExitCode> {
  const isJson = given.values['json'] === true;
  try {
    return await tried(given, isJson, streams);
  } catch (thrown) {
    if (!(thrown instanceof RehearsalError)) throw thrown;
    const error = { code: 'TRY_INVALID', message: thrown.message, remedy: 'Mend what the message names.' };
    if (isJson) streams.stdout.write(jsonLine('try', { ok: false, error }));
    else streams.stderr.write(`sluice: ${thrown.message}\n`);
    return EXIT.invalid;
  }
}

async function tried(
  { values, positionals }: Arguments,
  isJson: boolean,
  { stdout, stderr }: TryStreams,
): Promise<ExitCode> {
  const text = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  };
  const source = text('in');
  if (source === undefined) throw new UsageError('expected --in with a file of messages, or - for standard input');
  const folder = text('golden');
  const isUpdate = values['update'] === true;
  if (isUpdate && folder === undefined) throw new UsageError('expected --golden DIR beside --update');
  const outages = [values['outage'] ?? []].flat().map((one) => outageOf(String(one)));
  const shown = folder === undefined ? shownOption(text('show')) : Infinity;
  const read = await readRehearsedFile(positionals[0] ?? '');
  const lines = trialLines(await contentOf(source), source === '-' ? 'standard input' : source);
  const route = text('route');
  const names = read.spec.routes.map(({ name }) => name);
  if (route !== undefined && !names.includes(route)) {
    throw new UsageError(`expected --route with a route of the file (${names.join(', ')}), found ${route}`);
  }
  const perSecond = rateOption(text('rate'));
  const progress = progressOf(lines.length, stderr);
  const address = text('address');
  const onProgress = (messages: number): void => progress.at(messages);
  const result = await trial({ ...read, lines, route, address, outages, perSecond, shown, onProgress });
  progress.end();
  const difference = folder === undefined ? undefined : golden(folder, result, isUpdate);
  const ok = difference === undefined;
  if (isJson) {
    stdout.write(jsonLine('try', { ok, ...result, ...(difference && { golden: difference }) }, plain));
  } else {
    const paint = paintOf(stdout);
    if (folder === undefined) for (const message of result.messages) stdout.write(messageText(message, paint));
    stdout.write(summaryText(result, paint));
    if (difference !== undefined) stdout.write(differenceText(difference, paint));
  }
  return ok ? EXIT.fine : EXIT.convicted;
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value === Infinity ? undefined : value;
}

function shownOption(text: string | undefined): number {
  if (text === undefined) return SHOWN;
  if (text === 'all') return Infinity;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`expected --show with a number or all, found ${text}`);
}

function rateOption(text: string | undefined): number {
  if (text === undefined) return PER_SECOND;
  const rate = Number(/^0*([1-9]\d{0,6})\/s$/.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(rate)) throw new UsageError(`expected --rate with a rate such as 10/s, found ${text}`);
  return rate;
}

async function contentOf(source: string): Promise<string> {
  if (source === '-') return textOf(process.stdin);
  try {
    return readFileSync(source, 'utf8');
  } catch (thrown) {
    throw new UsageError(`expected --in with a file of messages, found ${messageOf(thrown)}`);
  }
}

const BAR = 30;

/** A bar on standard error while a terminal watches. */
function progressOf(count: number, stderr: TerminalStream): { at(messages: number): void; end(): void } {
  if (!isLive(stderr) || count < 2000) return { at() {}, end() {} };
  return {
    at(messages) {
      const filled = Math.floor((messages / count) * BAR);
      stderr.write(`\r[${'#'.repeat(filled)}${' '.repeat(BAR - filled)}] ${messages} of ${count} messages`);
    },
    end: () => void stderr.write('\r\u001B[K'),
  };
}

function differenceText({ file, gone, come }: GoldenDifference, paint: Paint): string {
  const lines = [
    ...gone.map((line) => paint('red', harmless(`- ${line}`))),
    ...come.map((line) => paint('green', harmless(`+ ${line}`))),
  ];
  return `${file} differs; --update writes it anew\n${lines.join('\n')}\n`;
}
