import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Compression } from './kafka-java.ts';

// By their number in the attributes of a record batch.
const CODECS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const ATTRIBUTES_AT = 8 + 4 + 4 + 1 + 4;
const CODEC_BITS = 0b111;

/** How each batch of a partition is compressed on the server's disk, in the order of offsets. */
export function batchCompressions(dataFolder: string, topic: string, partition: number): Compression[] {
  const folder = join(dataFolder, `${topic}-${partition}`);
  const found: Compression[] = [];
  for (const segment of readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .toSorted()) {
    const log = readFileSync(join(folder, segment));
    for (let at = 0; at + ATTRIBUTES_AT + 2 <= log.length; at += 12 + log.readInt32BE(at + 8)) {
      // A segment may be allocated beyond what is written.
      if (log.readInt32BE(at + 8) === 0) break;
      found.push(CODECS[log.readInt16BE(at + ATTRIBUTES_AT) & CODEC_BITS] ?? 'none');
    }
  }
  return found;
}
