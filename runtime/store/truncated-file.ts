import { closeSync, openSync, readSync, statSync, truncateSync } from 'node:fs';

/** 64 GiB, of a file with holes. */
const MOST_MISSING_BYTES = 2 ** 36;

/**
 * Runs `read` on a damaged database file. SQLite reads nothing of a file that is shorter than its header states, so the
 * missing part is filled with zeros meanwhile.
 */
export function readTruncated<T>(file: string, read: () => T): T {
  const length = statSync(file).size;
  const wanted = lengthInHeader(file, length);
  if (wanted > length) truncateSync(file, wanted);
  try {
    return read();
  } finally {
    if (wanted > length) truncateSync(file, length);
  }
}

/** https://www.sqlite.org/fileformat2.html, section 1.3: the size of a page at 16, the number of pages at 28. */
function lengthInHeader(file: string, length: number): number {
  const header = Buffer.alloc(32);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, header, 0, header.length, 0);
  closeSync(descriptor);
  if (!header.toString('latin1').startsWith('SQLite format 3')) return 0;
  const page = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  // A damaged count may be of any size.
  return Math.min(header.readUInt32BE(28) * page, length + MOST_MISSING_BYTES);
}
