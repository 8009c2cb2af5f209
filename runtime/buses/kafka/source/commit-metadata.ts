import { type OffsetRange, offsetCount } from './offset-ranges.ts';
import { bitsOf, type EncodedRanges, rangesOfBits, rangesOfRuns, runsOf } from './range-codecs.ts';

/** The first word. Another version of the form has another one. */
const FORM = 'sluice1';
const NATURAL = /^\d{1,16}$/;
/** Of the first words, at most: offset, tag, a cut-off log's mark, epoch. */
const HEAD_BYTES = 70;
/** One gap of up to 127 offsets and one run of up to 2^28, or gaps that are longer by as much as the runs are shorter. */
const RANGE_BYTES = 5;
/** Beside its own gaps a process writes on those that the one before it left, until it has read them. */
const GAPS = 2;
const BASE64 = /^[A-Za-z0-9_-]+$/;

/** What is settled beyond a committed offset. */
export interface SettledBeyond {
  /** The committed offset that it belongs to: a commit of another offset with the same text is none of ours. */
  readonly offset: number;
  /** The tag of the topic: the same offsets of another topic of that name are other records. */
  readonly tag: string;
  /**
   * The newest leader epoch of the records that were read; -1: unknown. After a log has lost its end its offsets are given
   * anew, under a higher epoch.
   */
  readonly leaderEpoch: number;
  /** Ascending, without overlaps, behind `offset`. */
  readonly settled: readonly OffsetRange[];
}

export interface WrittenMetadata {
  /** Empty where nothing is settled beyond the offset. ASCII. */
  readonly text: string;
  /** Settled offsets that found no room. */
  readonly omitted: number;
}

/**
 * The metadata of a commit, in at most `maxBytes` bytes: `sluice1 OFFSET TAG EPOCH`, then `r` and run lengths or `b` and one bit
 * an offset, in base64, whichever holds more. Where not everything has room the offsets from the front on are in it.
 */
export function writeMetadata({ offset, tag, leaderEpoch, settled }: SettledBeyond, maxBytes: number): WrittenMetadata {
  const all = offsetCount(settled);
  if (all === 0) return { text: '', omitted: 0 };
  const head = headOf({ offset, tag, leaderEpoch });
  const room = roomFor(maxBytes - Buffer.byteLength(head) - 1);
  if (room <= 0) return { text: '', omitted: all };
  const runs = runsOf(offset, settled, room);
  const bits = bitsOf(offset, settled, room);
  const [letter, best] = isBetter(bits, runs) ? (['b', bits] as const) : (['r', runs] as const);
  if (best.count === 0) return { text: '', omitted: all };
  return { text: `${head}${letter}${best.bytes.toString('base64url')}`, omitted: all - best.count };
}

/** With up to how many unsettled records everything that is settled between and behind them surely has room. */
export function surelyHolds(maxBytes: number): number {
  return Math.max(0, Math.floor(roomFor(maxBytes - HEAD_BYTES) / (RANGE_BYTES * GAPS)));
}

/** The same without a bound, in run lengths: their number is bounded by that of the unsettled records, whatever lies between. */
export function writeAll({ offset, tag, leaderEpoch, settled }: SettledBeyond): string {
  if (settled.length === 0) return '';
  const { bytes } = runsOf(offset, settled, Infinity);
  return `${headOf({ offset, tag, leaderEpoch })}r${bytes.toString('base64url')}`;
}

/** Undefined where the text is not one of `writeMetadata`. */
export function readMetadata(text: string): SettledBeyond | undefined {
  const [form, offset = '', tag = '', epoch = '', ranges = '', ...more] = text.split(' ');
  if (form !== FORM || more.length > 0 || !NATURAL.test(offset) || !(NATURAL.test(epoch) || epoch === '-1')) {
    return undefined;
  }
  const encoded = ranges.slice(1);
  if (!BASE64.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64url');
  const from = Number(offset);
  const settled =
    ranges[0] === 'r' ? rangesOfRuns(from, bytes) : ranges[0] === 'b' ? rangesOfBits(from, bytes) : undefined;
  return settled === undefined ? undefined : { offset: from, tag, leaderEpoch: Number(epoch), settled };
}

function headOf({ offset, tag, leaderEpoch }: Omit<SettledBeyond, 'settled'>): string {
  return `${FORM} ${offset} ${tag} ${leaderEpoch} `;
}

/** How many bytes so many characters of base64 hold. */
function roomFor(characters: number): number {
  return Math.floor((characters * 3) / 4);
}

function isBetter(one: EncodedRanges, other: EncodedRanges): boolean {
  return one.count === other.count ? one.bytes.length < other.bytes.length : one.count > other.count;
}
