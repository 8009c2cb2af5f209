import type { ParseArgsOptionsConfig } from 'node:util';
import { SluiceError } from '#contract/errors.ts';
import type { Source } from '#contract/source.ts';
import { harmless } from '#kit/printable.ts';
import { after } from '#kit/timer.ts';
import { messageJson, messageText } from '../ends/shown-message.ts';
import { openWatch } from '../ends/single-end.ts';
import { catalog } from '../host/catalog.ts';
import { type Command, UsageError } from './command.ts';
import { durationOption } from './duration-option.ts';
import { EXIT } from './exit-codes.ts';
import { opened, untilTold } from './hand-run.ts';
import { isLive } from './paint.ts';
import { tailPlace } from './tail-place.ts';
import { type TailCounts, TailReader } from './tail-reader.ts';
import { tailRules } from './tail-rules.ts';
import { startOption } from './tail-start.ts';
import { tellFailure } from './tell-failure.ts';
import { textOf } from './verify-options.ts';

const OPTIONS = {
  route: { type: 'string' },
  side: { type: 'string' },
  sink: { type: 'string' },
  connection: { type: 'string' },
  address: { type: 'string' },
  from: { type: 'string' },
  filter: { type: 'string' },
  clearance: { type: 'string' },
  limit: { type: 'string' },
  for: { type: 'string' },
  json: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

const ROOM = { messages: 200, bytes: 16 * 1024 * 1024 };
/** Longer bodies are cut for people. */
const LONGEST = 10_000;

/** The messages of a bus, looked at. */
export const tail: Command = {
  usage:
    'PIPELINE [--route NAME [--side source|sink] | --connection NAME --address A] | URL  [--from earliest|30m|new] [--filter EXPRESSION]',
  help: {
    '--route NAME': 'what this route writes; not needed where the file has one route',
    '--side source|sink': 'what the route reads, or what it writes (default sink)',
    '--sink N': 'which sink of a list, from 1',
    '--connection NAME': 'over this connection of the file, at --address',
    '--address A': 'TOPIC, SUBJECT, STREAM/SUBJECT or EXCHANGE/ROUTING.KEY; wildcards of the bus',
    '--from START': 'earliest, new (default), a duration (30m: since then) or a moment; where the bus keeps messages',
    '--filter EXPRESSION': 'only messages for which it is true: body.speed > 20 && key == "v1"',
    '--clearance LABEL': 'only messages that a reader of this clearance may see, by the policy of the pipeline',
    '--limit N': 'end after so many messages',
    '--for DURATION': 'end after so long',
    '--json': 'print one JSON object a line, which sluice send takes',
  },
  examples: [
    [`pipelines/orders.yaml --route orders --side source --filter 'body.action == "stop"'`, 'what the route reads'],
    ["'jetstream://127.0.0.1:4222/TRACKS/tracks.>' --from 30m --json", 'a stream, since half an hour ago'],
  ],
  options: OPTIONS,
  words: 1,
  async run(given) {
    // A URL may hold a password, and every user of the machine may list the arguments of a process.
    process.title = 'sluice tail';
    const { values } = given;
    const limit = limitOf(textOf(values, 'limit'));
    const lasts = textOf(values, 'for');
    const lastsMs = lasts === undefined ? undefined : durationOption('--for', lasts, '30s');
    const start = startOption(textOf(values, 'from'), Date.now());
    const place = await tailPlace(given, start);
    const reader = new TailReader(await tailRules(given, place));
    const told = untilTold();
    try {
      const watcher = await opened((reports) => openWatch(place.end, catalog, start, reports), told.signal);
      if (watcher === undefined) return EXIT.fine;
      process.stderr.write(`watching ${harmless(place.shown)}; Ctrl-C ends\n`);
      const stop = new AbortController();
      const end = (): void => stop.abort();
      told.signal.addEventListener('abort', end, { once: true });
      if (told.signal.aborted) end();
      const cancel = lastsMs === undefined ? () => {} : after(lastsMs, end);
      try {
        await show(watcher, reader, { limit, isJson: values['json'] === true, signal: stop.signal });
      } finally {
        cancel();
        await watcher.close();
      }
      tellCounts(reader.counts, textOf(values, 'clearance'));
      return EXIT.fine;
    } catch (thrown) {
      if (!(thrown instanceof SluiceError)) throw thrown;
      return tellFailure(thrown, values['json'] === true ? 'tail' : undefined);
    } finally {
      told.restore();
    }
  },
};

interface Showing {
  readonly limit: number;
  readonly isJson: boolean;
  readonly signal: AbortSignal;
}

async function show(watcher: Source, reader: TailReader, { limit, isJson, signal }: Showing): Promise<void> {
  const { stdout } = process;
  const style = { isColoured: isLive(stdout), longest: LONGEST };
  while (!signal.aborted) {
    const deliveries = await watcher.read(ROOM, signal);
    let text = '';
    for (const delivery of deliveries) {
      if (reader.counts.shown >= limit) break;
      const message = reader.read(delivery);
      if (message !== undefined) text += isJson ? `${messageJson(message)}\n` : messageText(message, style);
    }
    // Whoever reads the output slowly reads the bus slowly.
    if (text !== '' && !stdout.write(text)) await drained(signal);
    for (const delivery of deliveries) delivery.settle({ kind: 'accept' });
    if (reader.counts.shown >= limit) return;
  }
}

function drained(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      process.stdout.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    process.stdout.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

function tellCounts({ read, shown, hidden, unfiltered }: TailCounts, clearance: string | undefined): void {
  const others = [
    ...(hidden > 0 ? [`${hidden} above the clearance ${clearance}`] : []),
    ...(unfiltered > 0 ? [`${unfiltered} lack what the filter reads`] : []),
  ];
  process.stderr.write(`${[`${shown} of ${read} messages shown`, ...others].join(', ')}\n`);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`expected --limit with a whole number from 1 on, found ${text}`);
}
