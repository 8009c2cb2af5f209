// eslint-disable-next-line no-restricted-imports -- Node's own checksum: the one import from outside in kit
import { crc32 } from 'node:zlib';

/** CRC-32 of a text. A small integer, which needs no memory of its own. */
export function checksumOf(text: string): number {
  return crc32(text) | 0;
}

/** Most addresses in the cache of checksums: a fleet has few; at the bound the cache is cleared. */
const MAX_PLACES = 4096;
const places = new Map<string, string>();

/**
 * Distinguishes messages with one id: checksums (CRC-32) of the body and of address and key, and the length of the body, in
 * hexadecimal digits. Two messages that are equal in all of these count as one message that was sent twice.
 */
export function contentId(address: string, key: string | undefined, body: Uint8Array | null): string {
  const place = key === undefined ? address : `${address}\0${key}`;
  let mark = places.get(place);
  if (mark === undefined) {
    if (places.size >= MAX_PLACES) places.clear();
    mark = crc32(place).toString(16);
    places.set(place, mark);
  }
  return body === null ? `null-${mark}` : `${crc32(body).toString(16)}-${mark}-${body.length.toString(16)}`;
}
