/** RFC 3339, as a JSON Schema `pattern`. */
export const MOMENT_PATTERN = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$';

// RFC 3339, section 5.6: T and Z may be lower case.
const MOMENT = new RegExp(MOMENT_PATTERN, 'i');

/** Milliseconds since 1970 (UTC) of an RFC 3339 text; undefined for any other. */
export function momentMs(text: string): number | undefined {
  if (!MOMENT.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
