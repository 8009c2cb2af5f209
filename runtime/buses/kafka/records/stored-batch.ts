import type { NoteOddity } from '#contract/oddity.ts';
import type { AbortedTransaction } from '../kafka-client.ts';
import { ATTRIBUTES, AT, BEFORE_LENGTH_COUNTS, CRC_FROM, MAGIC } from './batch-head.ts';
import { compressionName, decompress } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { RecordCursor } from './record-cursor.ts';

/** One batch as it came from the server, not unpacked yet. */
export interface StoredBatch {
  readonly bytes: Buffer;
  readonly baseOffset: number;
  /** Offset behind its last record, those that compaction removed included. */
  readonly nextOffset: number;
  readonly count: number;
  /** True for batches that no reader of committed messages may see: markers and records of aborted transactions. */
  readonly isHidden: boolean;
}

const ABORT_MARKER = 0;

/** The whole batches of a fetch; the last one of them may be cut off, and then is not among them. Throws RangeError on old formats. */
export function splitBatches(bytes: Buffer, aborted: readonly AbortedTransaction[]): StoredBatch[] {
  const batches: StoredBatch[] = [];
  const pending = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  for (let at = 0; at + AT.records <= bytes.length;) {
    const end = at + BEFORE_LENGTH_COUNTS + bytes.readInt32BE(at + AT.length);
    if (bytes[at + AT.magic] !== MAGIC) throw new RangeError('a format from before Kafka 0.11');
    if (end > bytes.length || end < at + AT.records) break;
    const batch = bytes.subarray(at, end);
    const baseOffset = int64(batch, AT.baseOffset);
    const nextOffset = baseOffset + batch.readInt32BE(AT.lastOffsetDelta) + 1;
    const isHidden = isHiddenBatch(batch, nextOffset, pending, open);
    batches.push({ bytes: batch, baseOffset, nextOffset, count: batch.readInt32BE(AT.count), isHidden });
    at = end;
  }
  return batches;
}

/** Of an aborted transaction everything is hidden from its first offset to its marker. */
function isHiddenBatch(batch: Buffer, nextOffset: number, pending: AbortedTransaction[], open: Set<bigint>): boolean {
  const attributes = batch.readInt16BE(AT.attributes);
  if ((attributes & ATTRIBUTES.transactional) === 0) return (attributes & ATTRIBUTES.control) !== 0;
  const producerId = batch.readBigInt64BE(AT.producerId);
  for (let first = pending[0]; first !== undefined && first.firstOffset < nextOffset; first = pending[0]) {
    open.add(first.producerId);
    pending.shift();
  }
  if ((attributes & ATTRIBUTES.control) !== 0) {
    if (markerOf(batch) === ABORT_MARKER) open.delete(producerId);
    return true;
  }
  return open.has(producerId);
}

/** A marker's key: a version and its kind, two bytes each, behind four one-byte fields. */
function markerOf(batch: Buffer): number {
  return batch.readInt16BE(AT.records + 5 + 2);
}

/** Checks and unpacks a batch. Throws a RangeError or what the decompressor throws. */
export function openBatch({ bytes }: StoredBatch, note: NoteOddity): RecordCursor {
  if (crc32c(bytes, CRC_FROM, bytes.length) !== bytes.readUInt32BE(AT.crc)) {
    throw new RangeError('it does not match its checksum');
  }
  const attributes = bytes.readInt16BE(AT.attributes);
  const times = {
    firstMs: int64(bytes, AT.firstTimestamp),
    appendedMs: isStampedByServer({ bytes }) ? int64(bytes, AT.maxTimestamp) : undefined,
  };
  const records = decompress(attributes & ATTRIBUTES.compression, bytes.subarray(AT.records));
  return new RecordCursor(records, times, note);
}

/** Whether its time is that of the server that appended it, not of the producer. */
export function isStampedByServer({ bytes }: Pick<StoredBatch, 'bytes'>): boolean {
  return (bytes.readInt16BE(AT.attributes) & ATTRIBUTES.logAppendTime) !== 0;
}

/** The epoch of the leader that appended it. It stays with the batch, wherever it is read. -1: unknown. */
export function leaderEpochOf({ bytes }: Pick<StoredBatch, 'bytes'>): number {
  return bytes.readInt32BE(AT.leaderEpoch);
}

/** The name of its compression, for errors. */
export function compressionOf({ bytes }: StoredBatch): string {
  return compressionName(bytes.readInt16BE(AT.attributes) & ATTRIBUTES.compression);
}

/** Offsets and times stay far below 2^53. */
export function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
