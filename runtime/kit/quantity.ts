const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** As a JSON Schema `pattern`: a duration with its unit, `250ms 30s 5m 2h 1d`. */
export const DURATION_PATTERN = '^[0-9]+(ms|s|m|h|d)$';
/** As a JSON Schema `pattern`: a size with its unit, `900B 64KiB 2GiB`. */
export const SIZE_PATTERN = '^[0-9]+(B|KiB|MiB|GiB)$';
/** A duration above zero: a message with no time to live is never sent. */
export const SOME_DURATION_PATTERN = '^0*[1-9][0-9]*(ms|s|m|h|d)$';
export const SOME_SIZE_PATTERN = '^0*[1-9][0-9]*(B|KiB|MiB|GiB)$';
/** The largest size of something on a disk: more than any disk has, and exact as a double. */
export const LARGEST_STORE = '1048576GiB';
/** As a JSON Schema `pattern`: a rate above zero, `500/s`. */
export const RATE_PATTERN = '^0*[1-9][0-9]*/s$';

/** Bounds of a duration or a size, written with units, as `formatMinimum` and `formatMaximum` of a JSON Schema. */
export interface Bounds {
  readonly formatMinimum?: string;
  readonly formatMaximum?: string;
}

/** Milliseconds or bytes; NaN for text that is neither a duration nor a size. */
function amountOf(text: string): number {
  if (new RegExp(DURATION_PATTERN).test(text)) return durationMs(text);
  return new RegExp(SIZE_PATTERN).test(text) ? sizeBytes(text) : Number.NaN;
}

/** The bound that the text violates; either part of `100ms..10s` may. Undefined where it violates none, or is no quantity. */
export function brokenBound(text: string, { formatMinimum, formatMaximum }: Bounds): string | undefined {
  for (const part of text.split('..')) {
    if (formatMaximum !== undefined && amountOf(part) > amountOf(formatMaximum)) return formatMaximum;
    if (formatMinimum !== undefined && amountOf(part) < amountOf(formatMinimum)) return formatMinimum;
  }
  return undefined;
}

function scaled(text: string, pattern: string, units: Readonly<Record<string, number>>): number {
  const unit = new RegExp(pattern).exec(text)?.[1];
  const factor = unit === undefined ? undefined : units[unit];
  if (factor === undefined) throw new RangeError(`not a quantity with a unit: ${JSON.stringify(text)}`);
  return Number.parseInt(text, 10) * factor;
}

/** `30s` -> 30000. Throws RangeError on text that a schema with DURATION_PATTERN would have refused. */
export function durationMs(text: string): number {
  return scaled(text, DURATION_PATTERN, DURATION_MS);
}

/** `500/s` -> 500. Throws RangeError on text that a schema with RATE_PATTERN would have refused. */
export function perSecond(text: string): number {
  if (!new RegExp(RATE_PATTERN).test(text)) throw new RangeError(`not a rate: ${JSON.stringify(text)}`);
  return Number.parseInt(text, 10);
}

/** `64KiB` -> 65536. Throws RangeError on text that a schema with SIZE_PATTERN would have refused. */
export function sizeBytes(text: string): number {
  return scaled(text, SIZE_PATTERN, SIZE_BYTES);
}
