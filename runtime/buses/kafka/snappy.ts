import snappy from 'snappyjs';

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
    const compressed = snappy.compress(Buffer.from(block.buffer, block.byteOffset, block.length));
    const length = Buffer.alloc(4);
    length.writeInt32BE(compressed.length);
    parts.push(length, compressed);
  }
  return Buffer.concat(parts);
}

/** With that framing, or without it, as other clients write it. Throws on what is no snappy, or comes to more than `maxBytes`. */
export function decompressSnappy(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    return snappy.uncompress(bytes, maxBytes);
  }
  const parts: Buffer[] = [];
  let left = maxBytes;
  for (let at = HEAD_BYTES; at < bytes.length;) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || length > bytes.length - at) throw new RangeError('a block that ends behind the batch');
    const block = snappy.uncompress(bytes.subarray(at, at + length), left);
    left -= block.length;
    parts.push(block);
    at += length;
  }
  return Buffer.concat(parts);
}
