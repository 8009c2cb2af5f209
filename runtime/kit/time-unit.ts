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
/** The code of the digit 0. */
const ZERO = 0x30;

/** The shift of the decimal point from the unit to milliseconds. */
const SHIFT: Readonly<Record<TimeUnit, number>> = { s: 3, ms: 0, us: -3, ns: -6 };

/**
 * A decimal number in the unit as whole milliseconds: digits are shifted and cut off, without a double in between.
 * -Infinity for any negative number, undefined for a text that is no decimal number. No other bound.
 */
export function unitMs(text: string, unit: TimeUnit): number | undefined {
  const shift = SHIFT[unit];
  if (shift >= 0) {
    const whole = wholeOf(text, EXACT_DIGITS - shift);
    if (whole !== undefined) return whole * 10 ** shift;
  }
  if (!isDecimal(text)) return undefined;
  if (text.startsWith('-')) return Number.NEGATIVE_INFINITY;
  const plain = text.includes('e') ? String(BigInt(Math.trunc(Number(text)))) : text;
  const [whole = '', fraction = ''] = plain.split('.');
  if (shift >= 0) return Number(whole + fraction.slice(0, shift).padEnd(shift, '0'));
  return Number(whole.slice(0, shift));
}

/** Digits as their number, up to so many; undefined for any other text. */
function wholeOf(text: string, mostDigits: number): number | undefined {
  if (text.length === 0 || text.length > mostDigits) return undefined;
  let whole = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    whole = whole * 10 + digit;
  }
  return whole;
}

/** A time as a whole number of the unit. */
export function countOf(ms: number, unit: TimeUnit): number {
  return Math.floor(ms / 10 ** SHIFT[unit]);
}

/** The other unit in which the number would be a plausible time; undefined where there is none. */
export function likelyUnit(ms: number, unit: TimeUnit): TimeUnit | undefined {
  return TIME_UNITS.find((other) => isPlausibleMs(ms * 10 ** (SHIFT[other] - SHIFT[unit])));
}
