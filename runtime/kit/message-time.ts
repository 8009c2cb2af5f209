import { momentMs } from './moment.ts';

/** The last millisecond of the year 9999: RFC 3339, and what reads it downstream, counts no further. */
const LAST_MS = 253_402_300_799_999;
/** In March of 1973. What is written as milliseconds and lies before it is a number in another unit, or a zero value. */
const FIRST_PLAUSIBLE_MS = 100_000_000_000;
const MILLISECONDS = /^\d{12,15}$/;

/** As a time of a message: whole milliseconds since 1970 (UTC), a fraction is cut off. Undefined outside of 1970 to 9999. */
export function messageTimeMs(ms: number): number | undefined {
  // -0 is 0: the two are written alike, and compare as different.
  return ms >= 0 && ms <= LAST_MS ? Math.floor(Math.abs(ms)) : undefined;
}

/**
 * Whether a number that is written as milliseconds is likely to be meant so: it lies within March of 1973 to the year 9999,
 * and so do neither a zero value nor seconds, microseconds and nanoseconds of these decades.
 */
export function isPlausibleMs(ms: number): boolean {
  return ms >= FIRST_PLAUSIBLE_MS && ms <= LAST_MS;
}

/**
 * What the header `expirytime` says, on every bus: RFC 3339, or milliseconds since 1970 (UTC). Undefined for any other
 * text, and for what lies before March of 1973: zero, a negative number, seconds and the zero times of programming
 * languages are no expiry that somebody meant.
 */
export function expiryTimeMs(text: string): number | undefined {
  const ms = MILLISECONDS.test(text) ? Number(text) : momentMs(text);
  return ms !== undefined && isPlausibleMs(ms) ? messageTimeMs(ms) : undefined;
}

/**
 * Takes the header `expirytime` out, and answers what it says. What is no time is carried on as it is, and `onOdd` called.
 */
export function takeExpiryMs(headers: Map<string, readonly string[]>, onOdd: () => void): number | undefined {
  const stated = headers.get('expirytime')?.[0];
  if (stated === undefined) return undefined;
  const ms = expiryTimeMs(stated);
  if (ms === undefined) onOdd();
  else headers.delete('expirytime');
  return ms;
}
