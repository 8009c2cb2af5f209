/** One sentence of NMEA 0183 that holds a part of an AIS message. */
export interface Sentence {
  readonly parts: number;
  readonly part: number;
  /** What the parts of one message share: channel and sequence number. */
  readonly series: string;
  readonly payload: string;
  readonly fillBits: number;
  /** From the TAG block before it; in milliseconds since 1970. */
  readonly timeMs: number | undefined;
}

// \s:rx1,c:1241544035*4A\!AIVDM,1,1,,B,15N4cJ`005Jrek0H@9n`DW5608EP,0*13
const LINE =
  /^(?:\\([^\\*]*)\*([0-9A-Fa-f]{2})\\)?!([A-Z]{2}VD[MO],([1-9]),([1-9]),([0-9]?),([AB12]?),([0-W`-w]{1,82}),([0-5]))\*([0-9A-Fa-f]{2})$/;

/** A time of this size is in milliseconds, as some receivers write it. */
const MILLISECONDS_FROM = 100_000_000_000;

/** The sentence, or what is wrong with the line. */
export function sentenceOf(line: string): Sentence | string {
  const found = LINE.exec(line);
  if (found === null) return 'no AIVDM or AIVDO sentence';
  const [, tag, tagSum = '', text = '', parts, part, sequence = '', channel = '', payload = '', fill, sum = ''] = found;
  if (sumOf(text) !== Number.parseInt(sum, 16)) return 'the checksum is wrong';
  if (tag !== undefined && sumOf(tag) !== Number.parseInt(tagSum, 16)) return 'the checksum of the TAG block is wrong';
  if (Number(part) > Number(parts)) return `part ${part} of ${parts}`;
  return {
    parts: Number(parts),
    part: Number(part),
    series: `${parts} ${sequence} ${channel}`,
    payload,
    fillBits: Number(fill),
    timeMs: timeIn(tag ?? ''),
  };
}

/** All characters, joined by exclusive or. */
function sumOf(text: string): number {
  return [...Buffer.from(text, 'latin1')].reduce((sum, byte) => sum ^ byte, 0);
}

function timeIn(tag: string): number | undefined {
  const text = /(?:^|,)c:([0-9]{1,15})(?:,|$)/.exec(tag)?.[1];
  if (text === undefined) return undefined;
  return Number(text) < MILLISECONDS_FROM ? Number(text) * 1000 : Number(text);
}
