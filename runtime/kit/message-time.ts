import { momentMs } from './moment.ts';

/** The last millisecond of the year 9999, the last year of RFC 3339. */
const LAST_MS = 253_402_300_799_999;
/** 3 March 1973. A smaller number of milliseconds is a number in another unit, or a zero value. */
const FIRST_PLAUSIBLE_MS = 100_000_000_000;
const MILLISECONDS = /^\d{12,15}$/;

/** The time of a message: whole milliseconds since 1970 (UTC), without the fraction. Undefined outside of 1970 to 9999. */
export function messageTimeMs(ms: number): number | undefined {
  // -0 becomes 0: both are written alike but compare as different.
  return ms >= 0 && ms <= LAST_MS ? Math.floor(Math.abs(ms)) : undefined;
}

/**
 * Whether a number is plausible as milliseconds: between March 1973 and the end of 9999. Zero values, and seconds,
 * microseconds and nanoseconds of these decades, are not.
 */
export function isPlausibleMs(ms: number): boolean {
  return ms >= FIRST_PLAUSIBLE_MS && ms <= LAST_MS;
}

/**
 * The value of the header `expirytime` on every bus: RFC 3339, or milliseconds since 1970 (UTC). Undefined for any other
 * text and for a time before March 1973: zero, negative numbers, seconds and the zero times of programming languages are
 * not intended as an expiry.
 */
export function expiryTimeMs(text: string): number | undefined {
  const ms = MILLISECONDS.test(text) ? Number(text) : momentMs(text);
  return ms !== undefined && isPlausibleMs(ms) ? messageTimeMs(ms) : undefined;
}

/**
 * Removes the header `expirytime` and returns its value. A text that is no time stays a header, and `onOdd` is called.
 */
export function takeExpiryMs(headers: Map<string, readonly string[]>, onOdd: () => void): number | undefined {
  const stated = headers.get('expirytime')?.[0];
  if (stated === undefined) return undefined;
  const ms = expiryTimeMs(stated);
  if (ms === undefined) onOdd();
  else headers.delete('expirytime');
  return ms;
}
