import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { compressLz4, decompressLz4 } from './lz4.ts';
import type { CompressionName } from '../options.ts';
import { compressSnappy, decompressSnappy } from './snappy.ts';

/** As a batch's attributes number it. */
export type Compression = 0 | 1 | 2 | 3 | 4;

export const COMPRESSIONS: Readonly<Record<CompressionName, Compression>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
};

const NAMES = ['no compression', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** A few hundred times the largest batch that a server accepts by default: a larger one is an attack. */
const MAX_BYTES = 256 * 1024 * 1024;

export function compressionName(number: number): string {
  return NAMES[number] ?? `compression ${number}`;
}

export function compress(compression: Compression, bytes: Uint8Array): Uint8Array {
  switch (compression) {
    case 0:
      return bytes;
    case 1:
      return gzipSync(bytes);
    case 2:
      return compressSnappy(bytes);
    case 3:
      return compressLz4(bytes);
    case 4:
      return zstdCompressSync(bytes);
  }
}

/** Throws whatever the decompressor throws on bytes that it cannot read, or that come to too many. */
export function decompress(compression: number, bytes: Buffer): Buffer {
  switch (compression) {
    case 0:
      return bytes;
    case 1:
      return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
    case 2:
      return decompressSnappy(bytes, MAX_BYTES);
    case 3:
      return decompressLz4(bytes, MAX_BYTES);
    case 4:
      return zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES });
    default:
      throw new RangeError('an unknown compression');
  }
}
