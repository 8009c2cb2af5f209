import { CONTENT_TYPE } from '#contract/carried-headers.ts';
import type { Frame, HeaderType } from '#contract/frame.ts';
import { bytesOfText } from '#kit/raw-text.ts';
import { isoTime } from '#kit/iso-time.ts';
import { AT, BEFORE_LENGTH_COUNTS, CRC_FROM, MAGIC } from './batch-head.ts';
import { type Compression, compress } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { EXPIRY, MESSAGE_ID } from './header-names.ts';

const FIRST_BYTES = 4096;
/** Most bytes of a varint, and of the numbers that stand in every record. */
const VARINT_BYTES = 5;
const FIXED_BYTES = 40;

/** A record batch that is being written: each frame goes into it as the bytes that leave. */
export class RecordBatch {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #end: number = AT.records;
  #count = 0;
  #firstMs = 0;
  #lastMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Uncompressed. */
  get length(): number {
    return this.#end;
  }

  /** Most bytes that a frame may take in a batch. */
  static bound(frame: Frame, key: Uint8Array | undefined): number {
    let bytes = FIXED_BYTES + (key?.length ?? 0) + (frame.body?.length ?? 0);
    for (const text of [frame.id, frame.contentType]) if (text !== undefined) bytes += 32 + text.length * 3;
    if (frame.expiresAtMs !== undefined) bytes += 48;
    for (const [name, values] of frame.headers) {
      for (const value of values) bytes += 2 * VARINT_BYTES + (name.length + value.length) * 3;
    }
    return bytes;
  }

  /** `bound`: the result of `RecordBatch.bound` for it. */
  add(frame: Frame, key: Uint8Array | undefined, nowMs: number, bound: number): void {
    this.#makeRoom(bound);
    const bytes = this.#bytes;
    const timestampMs = frame.timestampMs ?? nowMs;
    // It would fail when the whole batch is finished.
    if (!Number.isSafeInteger(timestampMs)) throw new RangeError('a timestamp that is no whole number of milliseconds');
    if (this.#count === 0) this.#firstMs = timestampMs;
    // The length stands before it and takes as many bytes as it needs.
    const start = this.#end + varintBytes(bound);
    let at = start;
    bytes[at] = 0;
    at = writeVarlong(bytes, at + 1, timestampMs - this.#firstMs);
    at = writeVarint(bytes, at, this.#count);
    at = writeBytes(bytes, at, key ?? null);
    at = writeBytes(bytes, at, frame.body);
    at = writeHeaders(bytes, at, frame);
    const length = at - start;
    const from = writeVarint(bytes, this.#end, length);
    if (from !== start) bytes.copyWithin(from, start, at);
    // An error thrown before this has left the batch as it was.
    this.#lastMs = this.#count === 0 ? timestampMs : Math.max(this.#lastMs, timestampMs);
    this.#end = from + length;
    this.#count += 1;
  }

  /** The whole batch; nothing may be added any more. */
  finish(compression: Compression): Buffer {
    let bytes = this.#bytes.subarray(0, this.#end);
    if (compression !== 0) {
      const records = compress(compression, bytes.subarray(AT.records));
      bytes = Buffer.concat([bytes.subarray(0, AT.records), records]);
    }
    bytes.writeBigInt64BE(0n, AT.baseOffset);
    bytes.writeInt32BE(bytes.length - BEFORE_LENGTH_COUNTS, AT.length);
    bytes.writeInt32BE(-1, AT.leaderEpoch);
    bytes[AT.magic] = MAGIC;
    bytes.writeInt16BE(compression, AT.attributes);
    bytes.writeInt32BE(this.#count - 1, AT.lastOffsetDelta);
    bytes.writeBigInt64BE(BigInt(this.#firstMs), AT.firstTimestamp);
    bytes.writeBigInt64BE(BigInt(this.#lastMs), AT.maxTimestamp);
    bytes.writeBigInt64BE(-1n, AT.producerId);
    bytes.writeInt16BE(-1, AT.producerEpoch);
    bytes.writeInt32BE(-1, AT.firstSequence);
    bytes.writeInt32BE(this.#count, AT.count);
    bytes.writeUInt32BE(crc32c(bytes, CRC_FROM, bytes.length), AT.crc);
    return bytes;
  }

  #makeRoom(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(bytes, 0, 0, this.#end);
    this.#bytes = bytes;
  }
}

function writeHeaders(bytes: Buffer, start: number, frame: Frame): number {
  const { id, contentType, expiresAtMs, headers, headerTypes } = frame;
  let count = (id === undefined ? 0 : 1) + (contentType === undefined ? 0 : 1) + (expiresAtMs === undefined ? 0 : 1);
  for (const [name, values] of headers) if (!standsInField(frame, name)) count += values.length;
  let at = writeVarint(bytes, start, count);
  if (id !== undefined) at = writeText(bytes, writeText(bytes, at, MESSAGE_ID), id);
  if (contentType !== undefined) at = writeText(bytes, writeText(bytes, at, CONTENT_TYPE), contentType);
  if (expiresAtMs !== undefined) at = writeText(bytes, writeText(bytes, at, EXPIRY), isoTime(expiresAtMs));
  for (const [name, values] of headers) {
    if (standsInField(frame, name)) continue;
    const types = headerTypes?.get(name);
    for (let index = 0; index < values.length; index += 1) {
      at = writeValue(bytes, writeText(bytes, at, name), values[index] ?? '', types?.[index]);
    }
  }
  return at;
}

function standsInField({ id, contentType, expiresAtMs }: Frame, name: string): boolean {
  if (name === MESSAGE_ID) return id !== undefined;
  if (name === CONTENT_TYPE) return contentType !== undefined;
  return name === EXPIRY && expiresAtMs !== undefined;
}

function writeValue(bytes: Buffer, at: number, value: string, type: HeaderType | undefined): number {
  if (type === 'null') return writeVarint(bytes, at, -1);
  return type === 'bytes' ? writeBytes(bytes, at, Buffer.from(value, 'base64')) : writeText(bytes, at, value);
}

function writeText(bytes: Buffer, start: number, text: string): number {
  // Bytes that were no text when they were read.
  if (!text.isWellFormed()) return writeBytes(bytes, start, bytesOfText(text));
  const at = writeVarint(bytes, start, Buffer.byteLength(text));
  return at + bytes.write(text, at);
}

function writeBytes(bytes: Buffer, start: number, value: Uint8Array | null): number {
  if (value === null) return writeVarint(bytes, start, -1);
  const at = writeVarint(bytes, start, value.length);
  bytes.set(value, at);
  return at + value.length;
}

/** How many bytes a varint of this natural number takes. */
function varintBytes(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x2000) return 2;
  if (value < 0x10_0000) return 3;
  return value < 0x800_0000 ? 4 : 5;
}

/** 32 bits, zigzag. */
function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at] = rest;
  return at + 1;
}

/** 64 bits, zigzag. */
function writeVarlong(bytes: Buffer, start: number, value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return writeVarint(bytes, start, value);
  let at = start;
  let rest = value < 0 ? -BigInt(value) * 2n - 1n : BigInt(value) * 2n;
  for (; rest > 0x7fn; rest >>= 7n) bytes[at++] = Number(rest & 0x7fn) | 0x80;
  bytes[at] = Number(rest);
  return at + 1;
}
