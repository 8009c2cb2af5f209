import { isDecimal } from './decimal.ts';
import { isPlausibleMs } from './message-time.ts';

/** The units of a number that counts from 1970 (UTC), as in the pipeline file. */
export const TIME_UNITS = ['s', 'ms', 'us', 'ns'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

export const TIME_UNIT_NAMES: Readonly<Record<TimeUnit, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
};

/** A number of so many decimal digits is exact as a double. */
const EXACT_DIGITS = 15;
const WHOLE = /^\d+$/;

/** The shift of the decimal point from the unit to milliseconds. */
const SHIFT: Readonly<Record<TimeUnit, number>> = { s: 3, ms: 0, us: -3, ns: -6 };

/**
 * A decimal number in the unit as whole milliseconds: digits are shifted and cut off, without a double in between.
 * -Infinity for any negative number, undefined for a text that is no decimal number. No other bound.
 */
export function unitMs(text: string, unit: TimeUnit): number | undefined {
  const shift = SHIFT[unit];
  // Most texts are such a number, for which the rest costs five times as much.
  if (shift >= 0 && text.length <= EXACT_DIGITS - shift && WHOLE.test(text)) return Number(text) * 10 ** shift;
  if (!isDecimal(text)) return undefined;
  if (text.startsWith('-')) return Number.NEGATIVE_INFINITY;
  const plain = text.includes('e') ? String(BigInt(Math.trunc(Number(text)))) : text;
  const [whole = '', fraction = ''] = plain.split('.');
  if (shift >= 0) return Number(whole + fraction.slice(0, shift).padEnd(shift, '0'));
  return Number(whole.slice(0, shift));
}

/** A time as a whole number of the unit. */
export function countOf(ms: number, unit: TimeUnit): number {
  return Math.floor(ms / 10 ** SHIFT[unit]);
}

/** The other unit in which the number would be a plausible time; undefined where there is none. */
export function likelyUnit(ms: number, unit: TimeUnit): TimeUnit | undefined {
  return TIME_UNITS.find((other) => isPlausibleMs(ms * 10 ** (SHIFT[other] - SHIFT[unit])));
}
