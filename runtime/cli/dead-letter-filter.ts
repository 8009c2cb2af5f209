import { momentMs } from '#kit/moment.ts';
import { didYouMean } from '#kit/nearest.ts';
import { DURATION_PATTERN, durationMs, RATE_PATTERN, perSecond } from '#kit/quantity.ts';
import type { LetterFilter } from '../store/dead-letters/filter.ts';
import { type Arguments, UsageError } from './command.ts';

/** The filters of a command line. Throws UsageError. */
export function letterFilter({ values }: Arguments, numbers: readonly string[]): LetterFilter {
  const named = [...texts(values['id']), ...numbers];
  return {
    routes: some(texts(values['route'])),
    codes: some(texts(values['code'])),
    keys: some(texts(values['key'])),
    numbers: some(named.flatMap(letterNumbers)),
    messageIds: some(texts(values['message-id'])),
    sinceMs: momentOption('--since', values['since']),
    untilMs: momentOption('--until', values['until']),
  };
}

/** Throws UsageError where a filter names a route or a code that neither the pipeline nor any letter has. */
export function checkFilter({ routes = [], codes = [] }: LetterFilter, known: LetterNames): void {
  for (const route of routes) expectOneOf('--route', route, known.routes);
  for (const code of codes) expectOneOf('--code', code, known.codes);
}

/** The routes and codes that letters can be selected by. */
export interface LetterNames {
  readonly routes: readonly string[];
  readonly codes: readonly string[];
}

function expectOneOf(option: string, found: string, known: readonly string[]): void {
  if (known.includes(found)) return;
  const names = [...new Set(known)];
  const expected = names.length > MOST_LISTED ? 'a code of docs/errors.md' : `one of ${names.join(', ')}`;
  throw new UsageError(`expected ${option} with ${expected}, found ${found}${didYouMean(found, known)}`);
}

const MOST_LISTED = 20;

/** Letters a second. Throws UsageError. */
export function rateOption({ values }: Arguments): number | undefined {
  const { rate } = values;
  if (typeof rate !== 'string') return undefined;
  if (new RegExp(RATE_PATTERN).test(rate)) return perSecond(rate);
  throw new UsageError(`expected --rate with a number and its unit (100/s), found ${rate}`);
}

/** `12`, `12,15`, `20-30`. */
function letterNumbers(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [, first = '', last = first] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part) ?? [];
    const count = Number(last) - Number(first) + 1;
    if (first === '' || count < 1 || count > MOST) {
      throw new UsageError(
        `expected the number of a letter, which list shows first (12, 12,15 or 20-30), found ${part}; an id of a message goes with --message-id`,
      );
    }
    return Array.from({ length: count }, (_, index) => Number(first) + index);
  });
}

const MOST = 1_000_000;

/** Milliseconds since 1970 (UTC) of an option; undefined where it is not given. Throws UsageError. */
export function momentOption(option: string, value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (new RegExp(DURATION_PATTERN).test(value)) return Date.now() - durationMs(value);
  const ms = momentMs(value);
  if (ms !== undefined) return ms;
  throw new UsageError(
    `expected ${option} with a duration before now (2h) or a moment (2026-11-25T03:00:00Z), found ${value}`,
  );
}

function texts(value: Arguments['values'][string]): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
