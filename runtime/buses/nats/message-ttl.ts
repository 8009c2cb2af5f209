const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};
const PART = /(\d+(?:\.\d+)?|\.\d+)(h|ms|us|µs|ns|m|s)/gy;

/**
 * The header Nats-TTL in milliseconds (ADR-43): seconds as a whole number, or a duration in the notation of Go, `1m30s`.
 * Undefined for `never` and for any other text.
 */
export function messageTtlMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000 || undefined;
  let ms = 0;
  let end = 0;
  for (const { 0: part, 1: count, 2: unit = '', index } of text.matchAll(PART)) {
    ms += Number(count) * (UNIT_MS[unit] ?? 0);
    end = index + part.length;
  }
  return end === text.length && ms > 0 ? ms : undefined;
}
