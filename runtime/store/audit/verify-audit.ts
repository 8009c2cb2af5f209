import { createReadStream } from 'node:fs';
import { BrokenChain, CHAIN_START, type ChainEnd, checkedLine, LONGEST_LINE, LOST } from './chain.ts';

/** What an audit file shows. `at`: the number of its first bad line, from 1. */
export type AuditVerdict =
  | { readonly isWhole: true; readonly end: ChainEnd }
  | { readonly isWhole: false; readonly end: ChainEnd; readonly at: number; readonly why: string };

/**
 * Reads the file from its first line and judges its chain. `expected`: an end that the file must have passed; without one a cut behind
 * any line cannot be found. Rejects where the file cannot be read.
 */
export async function verifyAudit(path: string, expected: ChainEnd | undefined): Promise<AuditVerdict> {
  let end = CHAIN_START;
  let at = 0;
  let hasPassed = expected === undefined || (expected.seq === 0 && expected.hash === CHAIN_START.hash);
  try {
    for await (const line of linesOf(path)) {
      at += 1;
      const checked = checkedLine(textOf(line), end);
      if (checked.record.kind === LOST) throw new BrokenChain('it records that lines before it were cut off');
      end = checked.end;
      if (expected === undefined || end.seq !== expected.seq) continue;
      if (end.hash !== expected.hash) throw new BrokenChain('it is not the line that is expected with this number');
      hasPassed = true;
    }
  } catch (thrown) {
    if (!(thrown instanceof BrokenChain)) throw thrown;
    return { isWhole: false, end, at, why: thrown.message };
  }
  if (hasPassed) return { isWhole: true, end };
  const why = `the file ends after number ${end.seq} where number ${expected?.seq} was written: its end was cut off`;
  return { isWhole: false, end, at: at + 1, why };
}

/** The lines of a file, without their ends. A line counts only with its end: throws BrokenChain behind one that has none. */
async function* linesOf(path: string): AsyncGenerator<Buffer> {
  const open: Buffer[] = [];
  let length = 0;
  const chunks: AsyncIterable<Buffer> = createReadStream(path);
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, from)) {
      yield Buffer.concat([...open.splice(0), chunk.subarray(from, end)]);
      from = end + 1;
      length = 0;
    }
    open.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LONGEST_LINE) break;
  }
  if (length === 0) return;
  yield Buffer.concat(open);
  throw new BrokenChain('it has no line end: it was torn');
}

const LINE_END = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(line: Buffer): string {
  if (line.length > LONGEST_LINE) throw new BrokenChain('it is longer than any record');
  try {
    return decoder.decode(line);
  } catch {
    throw new BrokenChain('it holds bytes that are not UTF-8');
  }
}
