/** RFC 3339, as a JSON Schema `pattern`. */
export const MOMENT_PATTERN = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$';

// RFC 3339, section 5.6: T and Z may be lower case.
const MOMENT = new RegExp(MOMENT_PATTERN, 'i');

/** Milliseconds since 1970 (UTC) of an RFC 3339 text; undefined for any other. */
export function momentMs(text: string): number | undefined {
  if (!MOMENT.test(text) || !isDay(Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10)))) {
    return undefined;
  }
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Date.parse takes the 30th of February for the 2nd of March (RFC 3339, 5.7). */
function isDay(year: number, month: number, day: number): boolean {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day >= 1 && day <= (month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0));
}
