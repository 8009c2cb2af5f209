import { isDecimal } from './decimal.ts';
import { momentMs } from './moment.ts';

/**
 * The rank of a sequence text, higher for a newer message: a decimal number, or an RFC 3339 time as milliseconds since 1970 (UTC).
 * Undefined for any other text. Two numbers that differ by less than a double can hold are equal.
 */
export function rankOf(text: string): number | undefined {
  if (!isDecimal(text)) return momentMs(text);
  const rank = Number(text);
  return Number.isFinite(rank) ? rank : undefined;
}
