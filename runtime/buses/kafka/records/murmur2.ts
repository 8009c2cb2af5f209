const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** MurmurHash 2 with the seed of Kafka's own clients, which chooses a record's partition. A signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const tail = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < tail; at += 4) {
    let word =
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
    word = Math.imul(word, M);
    word ^= word >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(word, M);
  }
  const left = length - tail;
  if (left > 2) hash ^= byteAt(bytes, tail + 2) << 16;
  if (left > 1) hash ^= byteAt(bytes, tail + 1) << 8;
  if (left > 0) hash = Math.imul(hash ^ byteAt(bytes, tail), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}

/** The partition of `count` in which Kafka's own clients put a record of this key. */
export function partitionOf(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
