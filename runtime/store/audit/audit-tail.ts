import { createHash } from 'node:crypto';
import { fstatSync, readSync } from 'node:fs';
import { BrokenChain, CHAIN_START, type ChainEnd, endOfLine, LONGEST_LINE } from './chain.ts';

const LINE_END = 0x0a;
const CHUNK_BYTES = 64 * 1024;

/** What an audit file ends with. */
export interface AuditTail {
  /** Of its last whole line. */
  readonly end: ChainEnd;
  /** Where the next line belongs. */
  readonly bytes: number;
  /** What stands behind the last line end: a write that was cut. */
  readonly torn: { readonly bytes: number; readonly digest: string } | undefined;
}

/** Every line begins so, for its canonical form has no blanks. */
const BEGINNING = '{"';

/** Reads the end of an open file. Throws BrokenChain where its last whole line is none, or where it has none and does not begin like one. */
export function auditTail(file: number): AuditTail {
  const { size } = fstatSync(file);
  const bytes = lastLineEnd(file, size) + 1;
  if (size - bytes > LONGEST_LINE) throw new BrokenChain('it is longer than any record');
  // Another file under this name must not be cut.
  if (bytes === 0 && size > 0 && !BEGINNING.startsWith(read(file, 0, Math.min(size, BEGINNING.length)).toString()))
    throw new BrokenChain('it does not begin like a record');
  const torn = bytes === size ? undefined : tornIn(file, bytes, size);
  if (bytes === 0) return { end: CHAIN_START, bytes, torn };
  const from = lastLineEnd(file, bytes - 1) + 1;
  if (bytes - from > LONGEST_LINE) throw new BrokenChain('it is longer than any record');
  return { end: endOfLine(read(file, from, bytes - 1).toString()), bytes, torn };
}

/** Position of the last line end before `before`; -1 where there is none. */
function lastLineEnd(file: number, before: number): number {
  for (let to = before; to > 0; to -= CHUNK_BYTES) {
    const from = Math.max(0, to - CHUNK_BYTES);
    const at = read(file, from, to).lastIndexOf(LINE_END);
    if (at !== -1) return from + at;
  }
  return -1;
}

function tornIn(file: number, from: number, to: number): NonNullable<AuditTail['torn']> {
  const digest = createHash('sha256')
    .update(read(file, from, to))
    .digest('hex');
  return { bytes: to - from, digest };
}

function read(file: number, from: number, to: number): Buffer {
  const buffer = Buffer.alloc(to - from);
  const count = readSync(file, buffer, 0, buffer.length, from);
  return buffer.subarray(0, count);
}
