import { brokenBound, DURATION_PATTERN, durationMs } from '#kit/quantity.ts';
import { UsageError } from './command.ts';

/** About as long as one timer may be set. */
const LONGEST = '24d';

/** Milliseconds of an option's duration, of at most `longest`. Throws UsageError with an example. */
export function durationOption(option: string, text: string, example: string, longest = LONGEST): number {
  const isDuration = new RegExp(DURATION_PATTERN).test(text);
  if (isDuration && brokenBound(text, { formatMaximum: longest }) === undefined) return durationMs(text);
  const expected = isDuration ? `a duration of at most ${longest}` : 'a duration and its unit';
  throw new UsageError(`expected ${option} with ${expected} (${example}), found ${text}`);
}
