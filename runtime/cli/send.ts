import type { ParseArgsOptionsConfig } from 'node:util';
import type { Guarantees } from '#contract/bus.ts';
import { SluiceError } from '#contract/errors.ts';
import { harmless } from '#kit/printable.ts';
import { perSecond, RATE_PATTERN } from '#kit/quantity.ts';
import { sendAll, type SendCounts, type Sending } from '../ends/hand-sender.ts';
import { openSink } from '../ends/single-end.ts';
import { catalog } from '../host/catalog.ts';
import { endOptions } from '../host/end-options.ts';
import { type Command, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { opened, untilTold } from './hand-run.ts';
import { framesOf } from './send-messages.ts';
import { sendPlace, type SendPlace } from './send-place.ts';
import { tellFailure } from './tell-failure.ts';
import { textOf } from './verify-options.ts';
import { printJson, type SendReport } from './output.ts';

const OPTIONS = {
  route: { type: 'string' },
  connection: { type: 'string' },
  address: { type: 'string' },
  file: { type: 'string' },
  key: { type: 'string' },
  header: { type: 'string', multiple: true },
  label: { type: 'string' },
  id: { type: 'string' },
  'content-type': { type: 'string' },
  expires: { type: 'string' },
  rate: { type: 'string' },
  count: { type: 'string' },
  json: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

const CONFIRMED: Readonly<Record<Guarantees['confirms'], string>> = {
  sent: 'written to the connection, which acknowledges nothing',
  received: 'the server has them in its memory',
  stored: 'the server has stored them',
  synced: 'the server has them on its disk',
  replicated: 'all replicas in sync have them',
};

/** Messages put into a bus by hand. */
export const send: Command = {
  usage: 'PIPELINE [--route NAME | --connection NAME --address A] | URL  BODY | - | --file FILE  [--key K] [--label L]',
  help: {
    '--route NAME': 'into what this route reads; not needed where the file has one route',
    '--connection NAME': 'over this connection of the file, to --address',
    '--address A': 'TOPIC, SUBJECT, STREAM/SUBJECT, QUEUE or EXCHANGE/ROUTING.KEY; {key} in it is the key',
    '--file FILE':
      'one message a line: a body, or { "body": ..., "key": ..., "headers": { } }; - reads the same from standard input',
    '--key K': "the message's key, in the place where the route reads it",
    '--header NAME=VALUE': 'may be repeated',
    '--label LABEL': 'the classification label, sent as seclabel',
    '--id ID': "the message's id (msgid)",
    '--content-type T': 'default application/json for JSON, text/plain for other text',
    '--expires DURATION': 'expiry of each message',
    '--rate N/s': 'messages a second (default: as fast as the bus confirms)',
    '--count N': 'so many times the body, or so many messages of the file',
    '--json': 'print one JSON object instead of lines',
  },
  examples: [
    [`pipelines/orders.yaml --route orders --key v1 '{"action":"stop"}'`, 'one message into what the route reads'],
    [
      'mqtt://127.0.0.1:1883/fleet/v1/position --file day1.jsonl --rate 100/s',
      'the messages of a file, without a pipeline',
    ],
  ],
  options: OPTIONS,
  words: [1, 2],
  async run(given) {
    // A URL may hold a password, and every user of the machine may list the arguments of a process.
    process.title = 'sluice send';
    const place = await sendPlace(given);
    const told = untilTold();
    const isJson = given.values['json'] === true;
    try {
      const rate = rateOf(textOf(given.values, 'rate'));
      const written = framesOf(given, place, told.signal);
      // What is wrong with the command line is said before anything is reached. Nobody has typed the lines of standard input yet.
      const frames = given.positionals[1] === '-' ? written : await begun(written);
      const sink = await opened((reports) => openSink(place.end, catalog, reports), told.signal);
      if (sink === undefined) return report(place, NOTHING, isJson);
      const progress = shownProgress();
      try {
        const pace = {
          ratePerSecond: rate,
          signal: told.signal,
          onProgress: (counts: SendCounts) => progress.show(counts),
        };
        return report(place, await sendAll(frames, sink, pace), isJson);
      } catch (thrown) {
        const { sent, confirmed } = progress.last();
        if (thrown instanceof UsageError && sent > 0)
          throw new UsageError(`${thrown.message} (${sent} sent before it, ${confirmed} confirmed)`, { cause: thrown });
        throw thrown;
      } finally {
        progress.clear();
        await sink.close();
      }
    } catch (thrown) {
      if (!(thrown instanceof SluiceError)) throw thrown;
      if (!isJson) return tellFailure(thrown);
      return report(place, { ...NOTHING, failure: { error: thrown, message: 1 } }, isJson);
    } finally {
      told.restore();
    }
  },
};

const NOTHING: Sending = { counts: { sent: 0, confirmed: 0, duplicates: 0, unknown: 0 }, failure: undefined };

/** The same messages, the first of which is made already. */
async function begun<T>(all: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = all[Symbol.asyncIterator]();
  let first: IteratorResult<T> | undefined = await iterator.next();
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const taken = first;
        first = undefined;
        return taken ?? iterator.next();
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    }),
  };
}

function rateOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!new RegExp(RATE_PATTERN).test(text)) throw new UsageError(`expected --rate N/s (100/s), found ${text}`);
  return perSecond(text);
}

function report({ end, bus, address }: SendPlace, { counts, failure }: Sending, isJson: boolean): ExitCode {
  const { to } = end.route;
  const { confirms } = bus.sinkGuarantees(endOptions(end.spec, to));
  const error = failure?.error;
  if (isJson) {
    const place = { bus: bus.name, connection: to.connection, address };
    const failed = failure === undefined ? {} : { error: failureOf(failure) };
    printJson('send', { ok: error === undefined, ...counts, confirms, ...place, ...failed });
  } else {
    const where = address === undefined ? '' : ` to ${harmless(address)}`;
    const duplicates = counts.duplicates === 0 ? '' : `, ${counts.duplicates} of them it had already (same id)`;
    const meaning = counts.confirmed === 0 ? '' : `: ${CONFIRMED[confirms]}${duplicates}`;
    process.stdout.write(
      `${counts.sent} sent${where} over ${to.connection}, ${counts.confirmed} confirmed${meaning}\n`,
    );
  }
  if (error === undefined) return EXIT.fine;
  if (!isJson) {
    const unknown = counts.unknown === 0 ? '' : ` ${counts.unknown} unconfirmed: the bus may have them.`;
    process.stderr.write(
      `sluice: ${error.code}  message ${failure?.message} was not confirmed: ${error.message}. ${error.remedy}${unknown}\n`,
    );
  }
  if (error.code === 'INTERNAL') return EXIT.internal;
  return error.scope === 'bus' ? EXIT.environment : EXIT.invalid;
}

/** A line that redraws, on a terminal, once it takes longer. */
function shownProgress(): { show(counts: SendCounts): void; last(): SendCounts; clear(): void } {
  const { stderr } = process;
  let last = NOTHING.counts;
  let shownAtMs = performance.now();
  let isShown = false;
  return {
    last: () => last,
    show(counts) {
      last = counts;
      const { sent, confirmed } = counts;
      const nowMs = performance.now();
      if (!stderr.isTTY || nowMs - shownAtMs < 500) return;
      shownAtMs = nowMs;
      isShown = true;
      stderr.write(`\r${sent} sent, ${confirmed} confirmed \u001B[K`);
    },
    clear() {
      if (isShown) stderr.write('\r\u001B[K');
    },
  };
}

function failureOf({
  error: { code, message, remedy },
  message: atMessage,
}: NonNullable<Sending['failure']>): NonNullable<SendReport['error']> {
  return { code, message, remedy, atMessage };
}
