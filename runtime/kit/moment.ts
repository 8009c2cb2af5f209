/** RFC 3339 without leap seconds, as a JSON Schema `pattern`. The number of days of a month is not in it. */
export const MOMENT_PATTERN =
  '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d+)?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$';

// RFC 3339, section 5.6: T and Z may be lower case.
const MOMENT = new RegExp(MOMENT_PATTERN, 'i');

const SECONDS_AT = 17;

/**
 * Milliseconds since 1970 (UTC) of an RFC 3339 text; undefined for any other. A leap second, which ends a month in UTC
 * (section 5.7), is the second that follows, as in POSIX.
 */
export function momentMs(text: string): number | undefined {
  if (!text.startsWith('60', SECONDS_AT)) return plainMomentMs(text);
  const beforeMs = plainMomentMs(`${text.slice(0, SECONDS_AT)}59${text.slice(SECONDS_AT + 2)}`);
  const ms = beforeMs === undefined ? undefined : beforeMs + 1000;
  return ms !== undefined && beginsMonth(ms) ? ms : undefined;
}

function plainMomentMs(text: string): number | undefined {
  if (!MOMENT.test(text) || !isDay(Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10)))) {
    return undefined;
  }
  return Date.parse(text);
}

/** Whether the moment lies in the first second of a month. */
function beginsMonth(ms: number): boolean {
  const date = new Date(ms);
  return (
    date.getUTCDate() === 1 && date.getUTCHours() === 0 && date.getUTCMinutes() === 0 && date.getUTCSeconds() === 0
  );
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Date.parse takes the 30th of February for the 2nd of March (RFC 3339, 5.7). */
function isDay(year: number, month: number, day: number): boolean {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day >= 1 && day <= (month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0));
}
