import type { OffsetRange } from './offset-ranges.ts';

export interface EncodedRanges {
  readonly bytes: Buffer;
  /** How many offsets of the ranges are in the bytes, from the first on. */
  readonly count: number;
}

/** Few long runs: the lengths of the gap before each range and of the range itself, seven bits a byte, lowest first. */
export function runsOf(offset: number, ranges: readonly OffsetRange[], maxBytes: number): EncodedRanges {
  const bytes: number[] = [];
  let at = offset;
  let count = 0;
  for (const { from, to } of ranges) {
    const pair = [...varint(from - at), ...varint(to - from)];
    if (bytes.length + pair.length > maxBytes) break;
    bytes.push(...pair);
    count += to - from;
    at = to;
  }
  return { bytes: Buffer.from(bytes), count };
}

/** Undefined where the bytes are not those of `runsOf`. */
export function rangesOfRuns(offset: number, bytes: Buffer): readonly OffsetRange[] | undefined {
  const ranges: OffsetRange[] = [];
  let at = offset;
  let from: number | undefined;
  for (let place = 0; place < bytes.length;) {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = bytes[place];
      if (byte === undefined) return undefined;
      place += 1;
      value += (byte & 127) * factor;
      if (byte < 128) break;
      factor *= 128;
    }
    at += value;
    if (!Number.isSafeInteger(at)) return undefined;
    if (from === undefined) from = at;
    else {
      if (value === 0) return undefined;
      ranges.push({ from, to: at });
      from = undefined;
    }
  }
  return from === undefined ? ranges : undefined;
}

/** Many short runs: bit 0 of the first byte is `offset`. */
export function bitsOf(offset: number, ranges: readonly OffsetRange[], maxBytes: number): EncodedRanges {
  const end = offset + maxBytes * 8;
  const last = ranges.findLast(({ from }) => from < end);
  if (last === undefined) return { bytes: Buffer.alloc(0), count: 0 };
  const bytes = Buffer.alloc(Math.ceil((Math.min(last.to, end) - offset) / 8));
  let count = 0;
  for (const { from, to } of ranges) {
    const stop = Math.min(to, end);
    for (let at = from - offset; at < stop - offset; at += 1, count += 1) {
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7));
    }
  }
  return { bytes, count };
}

/** Any bytes are those of some ranges. */
export function rangesOfBits(offset: number, bytes: Buffer): readonly OffsetRange[] {
  const ranges: OffsetRange[] = [];
  let from: number | undefined;
  for (let at = 0; at <= bytes.length * 8; at += 1) {
    const isSettled = ((bytes[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
    if (isSettled) from ??= offset + at;
    else if (from !== undefined) {
      ranges.push({ from, to: offset + at });
      from = undefined;
    }
  }
  return ranges;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
