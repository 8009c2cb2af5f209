/** Byte offsets of the fields of a record batch of version 2 (KIP-98). */
export const AT = {
  baseOffset: 0,
  /** Of what follows it. */
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  firstSequence: 53,
  count: 57,
  records: 61,
} as const;

export const MAGIC = 2;
/** Bytes before what `length` counts. */
export const BEFORE_LENGTH_COUNTS = 12;
/** The first byte that the checksum covers. */
export const CRC_FROM = AT.attributes;

export const ATTRIBUTES = { compression: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;
