const MINUTE_MS = 60_000;
const TWO = Array.from({ length: 60 }, (_, second) => String(second).padStart(2, '0'));
const THREE = Array.from({ length: 1000 }, (_, ms) => String(ms).padStart(3, '0'));
/** `SS.mmmZ`. */
const SECONDS_LENGTH = 7;

let minuteMs = Number.NaN;
let minute = '';

/**
 * As Date.toISOString, for `ms` since 1970 (UTC). Throws a RangeError as it does. The times of messages are close together:
 * the text of the last minute is kept, for to make all of it costs a microsecond.
 */
export function isoTime(ms: number): string {
  const within = Math.trunc(ms) - minuteMs;
  if (within >= 0 && within < MINUTE_MS) return `${minute}${TWO[Math.floor(within / 1000)]}.${THREE[within % 1000]}Z`;
  const text = new Date(ms).toISOString();
  minuteMs = Math.floor(Math.trunc(ms) / MINUTE_MS) * MINUTE_MS;
  minute = text.slice(0, -SECONDS_LENGTH);
  return text;
}
