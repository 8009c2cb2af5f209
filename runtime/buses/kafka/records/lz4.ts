import lz4 from 'lz4js';

const MAGIC = 0x184d2204;
// Version 1, independent blocks of 64 KiB, no checksums: the batch has its own.
const FLAGS = 0x60;
const BLOCK_SIZE = 0x40;
/** Second byte of the xxHash of those two. */
const HEAD_CHECKSUM = 0x82;
const HEAD_BYTES = 7;
const BLOCK_BYTES = 64 * 1024;
const UNCOMPRESSED = 0x8000_0000;

const hashes = new Uint32Array(1 << 16);
const scratch = Buffer.allocUnsafe(BLOCK_BYTES + BLOCK_BYTES / 255 + 32);

/** One frame, as Kafka's own clients write and read it. The library's own frames have linked blocks, which those refuse. */
export function compressLz4(bytes: Uint8Array): Buffer {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES);
  const frame = Buffer.allocUnsafe(HEAD_BYTES + bytes.length + blocks * 4 + 4);
  frame.writeUInt32LE(MAGIC, 0);
  frame[4] = FLAGS;
  frame[5] = BLOCK_SIZE;
  frame[6] = HEAD_CHECKSUM;
  let at = HEAD_BYTES;
  for (let from = 0; from < bytes.length; from += BLOCK_BYTES) {
    const block = bytes.subarray(from, from + BLOCK_BYTES);
    // Hashes of the block before would make this one depend on it.
    hashes.fill(0);
    const length = lz4.compressBlock(block, scratch, 0, block.length, hashes);
    const isSmaller = length > 0 && length < block.length;
    frame.writeUInt32LE(isSmaller ? length : (block.length | UNCOMPRESSED) >>> 0, at);
    at += 4;
    frame.set(isSmaller ? scratch.subarray(0, length) : block, at);
    at += isSmaller ? length : block.length;
  }
  frame.writeUInt32LE(0, at);
  return frame.subarray(0, at + 4);
}

/**
 * Frames with or without checksums (not compared: the batch has its own), linked blocks too. Throws on what is no LZ4, or
 * comes to more than `maxBytes`. The library's own reads and writes past ends without a word.
 */
export function decompressLz4(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('no LZ4 frame');
  const flags = bytes.readUInt8(4);
  const hasBlockChecksums = (flags & 0x10) !== 0;
  // The size of the content (8 bytes) and the id of a dictionary (4) may stand in the head.
  let at = HEAD_BYTES + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4);
  const out = new Growing(Math.min(maxBytes, Math.max(BLOCK_BYTES, bytes.length * 4)), maxBytes);
  for (;;) {
    const head = bytes.readUInt32LE(at);
    at += 4;
    if (head === 0) return out.bytes.subarray(0, out.length);
    const length = head & ~UNCOMPRESSED;
    if (length > bytes.length - at) throw new RangeError('a block that ends behind the batch');
    if (head >= UNCOMPRESSED) out.append(bytes, at, length);
    else readBlock(bytes, at, at + length, out);
    at += length + (hasBlockChecksums ? 4 : 0);
  }
}

function readBlock(bytes: Buffer, start: number, end: number, out: Growing): void {
  let at = start;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; length += more) {
      more = bytes.readUInt8(at);
      at += 1;
    }
    return length;
  };
  while (at < end) {
    const token = bytes.readUInt8(at);
    at += 1;
    const literals = lengthFrom(token >> 4);
    if (literals > end - at) throw new RangeError('literals that end behind their block');
    out.append(bytes, at, literals);
    at += literals;
    // A last sequence has no match.
    if (at >= end) return;
    const distance = bytes.readUInt16LE(at);
    at += 2;
    out.repeat(distance, lengthFrom(token & 15) + 4);
  }
}

/** The bytes decompressed so far. */
class Growing {
  bytes: Buffer;
  length = 0;
  readonly #max: number;

  constructor(bytes: number, max: number) {
    this.bytes = Buffer.allocUnsafe(bytes);
    this.#max = max;
  }

  append(from: Buffer, at: number, length: number): void {
    this.#makeRoom(length);
    from.copy(this.bytes, this.length, at, at + length);
    this.length += length;
  }

  /** Copies from so far back; what it writes it may read again. */
  repeat(distance: number, length: number): void {
    if (distance === 0 || distance > this.length) throw new RangeError('a match before the beginning');
    this.#makeRoom(length);
    const { bytes } = this;
    const start = this.length;
    if (distance >= length) bytes.copyWithin(start, start - distance, start - distance + length);
    else for (let at = start; at < start + length; at += 1) bytes[at] = bytes[at - distance] ?? 0;
    this.length += length;
  }

  #makeRoom(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    if (needed > this.#max) throw new RangeError(`more than ${this.#max} bytes`);
    const bytes = Buffer.allocUnsafe(Math.min(this.#max, Math.max(needed, this.bytes.length * 2)));
    this.bytes.copy(bytes, 0, 0, this.length);
    this.bytes = bytes;
  }
}
