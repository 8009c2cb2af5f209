import { DURATION_PATTERN, durationMs } from '#kit/quantity.ts';
import { UsageError } from './command.ts';

/** Milliseconds of an option's duration. Throws UsageError that shows the unit to write. */
export function durationOption(option: string, text: string, example: string): number {
  if (new RegExp(DURATION_PATTERN).test(text)) return durationMs(text);
  throw new UsageError(`expected ${option} with a duration and its unit (${example}), found ${text}`);
}
