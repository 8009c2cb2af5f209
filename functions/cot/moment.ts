const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** The years 0 to 9999, which a date-time has. */
const [EARLIEST_MS, LATEST_MS] = [-62_167_219_200_000, 253_402_300_799_999];

/** Milliseconds since 1970 of a time with its offset; undefined for what is none, or outside of the years 0 to 9999. */
export function momentOf(text: string): number | undefined {
  if (!TIME.test(text)) return undefined;
  const ms = Date.parse(text);
  // Date.parse takes the 30th of February for the 2nd of March.
  const day = text.slice(0, 10);
  const begin = Date.parse(day);
  if (Number.isNaN(ms) || Number.isNaN(begin) || !new Date(begin).toISOString().startsWith(day)) return undefined;
  return ms < EARLIEST_MS || ms > LATEST_MS ? undefined : ms;
}

/** As a date-time: one behind the year 9999 is its end. */
export function momentText(ms: number): string {
  return new Date(Math.min(ms, LATEST_MS)).toISOString();
}
