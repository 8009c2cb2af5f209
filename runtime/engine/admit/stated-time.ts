import { SluiceError } from '#contract/errors.ts';
import { isPlausibleMs, messageTimeMs } from '#kit/message-time.ts';
import { momentMs } from '#kit/moment.ts';
import { likelyUnit, TIME_UNIT_NAMES, type TimeUnit, unitMs } from '#kit/time-unit.ts';

/**
 * The value of a source's `timestamp`, in milliseconds since 1970 (UTC). If the file states no unit, a number is in
 * milliseconds and must be plausible: most other publishers write seconds, and their messages would seem decades old.
 * Throws TIMESTAMP_INVALID.
 */
export function timeIn(text: string, unit: TimeUnit | undefined): number {
  const counted = unitMs(text, unit ?? 'ms');
  const ms = counted ?? momentMs(text);
  const isRefused = unit === undefined && counted !== undefined && !isPlausibleMs(counted);
  const time = ms === undefined || isRefused ? undefined : messageTimeMs(ms);
  if (time !== undefined) return time;
  const since = unit === undefined ? 'milliseconds since 1970' : `${TIME_UNIT_NAMES[unit]} since 1970 (unit: ${unit})`;
  throw new SluiceError(
    'TIMESTAMP_INVALID',
    `expected timestamp to be ${since} or an RFC 3339 time, found ${ms === undefined ? 'a text that is neither' : odd(ms, counted, unit)}`,
    { place: { stage: 'decode' } },
  );
}

/** `counted`: undefined where `ms` was written as RFC 3339. */
function odd(ms: number, counted: number | undefined, unit: TimeUnit | undefined): string {
  if (ms < 0) return 'a time before 1970';
  const found = messageTimeMs(ms) === undefined ? 'a time after 9999' : 'a number before March 1973';
  const likely = counted === undefined ? undefined : likelyUnit(counted, unit ?? 'ms');
  if (likely !== undefined) {
    return `${found}, which looks like ${TIME_UNIT_NAMES[likely]}: write timestamp: { of: ..., unit: ${likely} }`;
  }
  return messageTimeMs(ms) === undefined ? found : `${found}: write timestamp: { of: ..., unit: ms } where it is meant`;
}
