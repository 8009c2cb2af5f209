import { CLASS_NAMES, type TrafficClass } from '#contract/traffic-class.ts';
import { readFileSync } from 'node:fs';
import type { ParseArgsOptionsConfig } from 'node:util';
import { messageOf } from '#contract/errors.ts';
import { didYouMean } from '#kit/nearest.ts';
import { SIZE_PATTERN, sizeBytes } from '#kit/quantity.ts';
import type { VerifySettings } from '../verify/verification.ts';
import type { MarkPlace } from '../verify/mark.ts';
import { VERDICT_NAMES, type VerdictName } from '../verify/verdicts.ts';
import { type Arguments, UsageError } from './command.ts';
import { durationOption } from './duration-option.ts';

export const VERIFY_OPTIONS = {
  route: { type: 'string' },
  in: { type: 'string' },
  out: { type: 'string' },
  key: { type: 'string' },
  class: { type: 'string' },
  rate: { type: 'string' },
  count: { type: 'string' },
  for: { type: 'string' },
  keys: { type: 'string' },
  size: { type: 'string' },
  body: { type: 'string' },
  mark: { type: 'string' },
  label: { type: 'string', multiple: true },
  expires: { type: 'string' },
  slack: { type: 'string' },
  'quiet-after': { type: 'string' },
  'wedged-after': { type: 'string' },
  'dead-letters': { type: 'string' },
  state: { type: 'string' },
  allow: { type: 'string', multiple: true },
  'keep-letters': { type: 'boolean' },
  json: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

export const VERIFY_HELP = {
  '--route NAME': 'the route of a pipeline file that is checked; not needed where it has one',
  '--in URL --out URL': 'instead of a file: where the bridge reads, and where it writes',
  '--key TEMPLATE': "where the bridge finds a message's key (default {key}, or the route's own)",
  '--class NAME': "the promise to check: telemetry, command, event or audit (default event, or the route's own)",
  '--rate N/s': 'messages a second (default 200/s)',
  '--count N': 'how many messages (default 2000; with --for no bound)',
  '--for DURATION': 'how long to send',
  '--keys N': 'how many keys (default 16)',
  '--size SIZE': 'about the size of a body (default 256B)',
  '--body FILE': "a JSON object that every body holds beside its mark (default: made of the route's first schema)",
  '--mark body|header':
    'where marks survive (default body; of a route with a function, or whose schema takes no mark, header)',
  '--label LABEL': 'the label sent and expected; several take turns',
  '--expires DURATION': 'expiry given to every message',
  '--slack DURATION': 'how much later than its expiry one may arrive (default 2s)',
  '--quiet-after TIME': 'the end of waiting: nothing arrived for so long (default 10s)',
  '--wedged-after TIME': 'a silence that counts as a violation while messages go in (default 30s)',
  '--dead-letters N': 'so many of the missing messages may be dead letters',
  '--state DIR':
    'state folder of the pipeline, whose dead letters are searched for missing messages (default: its own, while it runs here)',
  '--keep-letters': 'leave the dead letters of this check in the state folder',
  '--allow VERDICT': 'count it, but not as a violation; may be repeated',
  '--json': 'print one JSON object instead of lines',
} as const;

type Chosen = Pick<
  VerifySettings,
  | 'ratePerSecond'
  | 'count'
  | 'lastsMs'
  | 'keys'
  | 'sizeBytes'
  | 'labels'
  | 'expiresMs'
  | 'slackMs'
  | 'quietMs'
  | 'wedgedMs'
  | 'allowed'
>;

type Values = Arguments['values'];

/** Throws UsageError. */
export function verifyOptions({ values }: Arguments): Chosen {
  const text = (name: string): string | undefined => textOf(values, name);
  const duration = (name: string, standard: string): number =>
    durationOption(`--${name}`, text(name) ?? standard, standard);
  const lasts = text('for');
  const expires = text('expires');
  return {
    ratePerSecond: rate(text('rate') ?? '200/s'),
    count: whole('count', text('count') ?? (lasts === undefined ? '2000' : String(Number.MAX_SAFE_INTEGER))),
    lastsMs: lasts === undefined ? Infinity : durationOption('--for', lasts, '60s'),
    keys: whole('keys', text('keys') ?? '16'),
    sizeBytes: size(text('size') ?? '256B'),
    labels: listOf(values, 'label'),
    expiresMs: expires === undefined ? undefined : durationOption('--expires', expires, '30s', '3650d'),
    slackMs: duration('slack', '2s'),
    quietMs: duration('quiet-after', '10s'),
    wedgedMs: duration('wedged-after', '30s'),
    allowed: new Set(listOf(values, 'allow').map(verdictName)),
  };
}

/** Undefined where none is named. Throws UsageError. */
export function classOption({ values }: Arguments): TrafficClass | undefined {
  const text = textOf(values, 'class');
  if (text === undefined) return undefined;
  const found = CLASS_NAMES.find((name) => name === text);
  if (found === undefined) throw new UsageError(`expected --class ${CLASS_NAMES.join(', ')}, found ${text}`);
  return found;
}

/** Undefined where none is named. Throws UsageError. */
export function markOption({ values }: Arguments): MarkPlace | undefined {
  const mark = textOf(values, 'mark');
  if (mark === undefined || mark === 'body' || mark === 'header') return mark;
  throw new UsageError(`expected --mark body or header, found ${mark}`);
}

/** Undefined where none is named. Throws UsageError. */
export function bodyOption({ values }: Arguments): Readonly<Record<string, unknown>> | undefined {
  return bodyIn(textOf(values, 'body'));
}

/** Undefined where none is named. Throws UsageError. */
export function deadLetterCount({ values }: Arguments): number | undefined {
  const text = textOf(values, 'dead-letters');
  return text === undefined ? undefined : whole('dead-letters', text, 0);
}

export function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

function listOf(values: Values, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? value.map(String) : [];
}

function whole(name: string, text: string, least = 1): number {
  const value = /^\d+$/.test(text) ? Number(text) : -1;
  if (value < least) throw new UsageError(`expected --${name} with a whole number from ${least} on, found ${text}`);
  return value;
}

function rate(text: string): number {
  const found = /^(\d+)\/s$/.exec(text)?.[1];
  if (found === undefined || Number(found) === 0) throw new UsageError(`expected --rate N/s (200/s), found ${text}`);
  return Number(found);
}

function size(text: string): number {
  if (new RegExp(SIZE_PATTERN).test(text)) return sizeBytes(text);
  throw new UsageError(`expected --size with a size and its unit (256B), found ${text}`);
}

function verdictName(text: string): VerdictName {
  const found = VERDICT_NAMES.find((name) => name === text);
  if (found !== undefined) return found;
  const hint = didYouMean(text, VERDICT_NAMES);
  throw new UsageError(`expected --allow with one of ${VERDICT_NAMES.join(', ')}, found ${text}${hint}`);
}

function bodyIn(file: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (file === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    throw new UsageError(`expected --body with a JSON file, found ${messageOf(thrown)}`, { cause: thrown });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new UsageError('expected --body with a JSON object in it');
}
