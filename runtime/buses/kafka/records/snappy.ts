import snappy from 'snappyjs';
import { asBuffer } from '#kit/as-buffer.ts';

// The framing of Java's snappy streams: a magic, two versions, then blocks with their lengths before them.
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const HEAD_BYTES = MAGIC.length + 8;
const BLOCK_BYTES = 32 * 1024;

export function compressSnappy(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeInt32BE(1, MAGIC.length);
  head.writeInt32BE(1, MAGIC.length + 4);
  const parts: Uint8Array[] = [head];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    // A Buffer: of any other array the library makes a second copy.
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    const compressed = snappy.compress(asBuffer(block));
    const length = Buffer.alloc(4);
    length.writeInt32BE(compressed.length);
    parts.push(length, compressed);
  }
  return Buffer.concat(parts);
}

/** With that framing, or without it, as other clients write it. Throws on what is no snappy, or comes to more than `maxBytes`. */
export function decompressSnappy(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    return uncompressed(bytes, maxBytes);
  }
  const parts: Buffer[] = [];
  let left = maxBytes;
  for (let at = HEAD_BYTES; at < bytes.length;) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || length > bytes.length - at) throw new RangeError('a block that ends behind the batch');
    const block = uncompressed(bytes.subarray(at, at + length), left);
    left -= block.length;
    parts.push(block);
    at += length;
  }
  return Buffer.concat(parts);
}

const LITERAL = 0;
/** By the two lowest bits of a tag: how many bytes a copy takes, its tag included. */
const COPY_BYTES = [0, 2, 3, 5] as const;
/** Of a literal: its length stands in the tag, or in one to four bytes behind it. */
const SHORT = 60;

/**
 * Refuses a literal of 2 GiB and more: to the library its length is negative, and it would go back and read the same bytes
 * again, for ever. All else that is no snappy it refuses itself.
 */
function uncompressed(bytes: Buffer, maxBytes: number): Buffer {
  let at = bytes.findIndex((byte) => byte < 0x80) + 1;
  while (at < bytes.length) {
    const tag = bytes.readUInt8(at);
    const length = tag >>> 2;
    const more = Math.max(0, length + 1 - SHORT);
    if ((tag & 3) !== LITERAL) at += COPY_BYTES[tag & 3] ?? 0;
    else at += 2 + more + (more === 0 ? length : bytes.readUIntLE(at + 1, more));
  }
  if (at > bytes.length) throw new RangeError('a block that ends behind the batch');
  return snappy.uncompress(bytes, maxBytes);
}
