import { createReadStream } from 'node:fs';
import { BrokenChain, CHAIN_START, type ChainEnd, checkedLine, LOST } from './chain.ts';

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
      const checked = checkedLine(line, end);
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

/** A line counts only with its end. Throws BrokenChain behind the last line where something follows it, or for bytes that are not UTF-8. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let open = '';
  const chunks: AsyncIterable<Buffer> = createReadStream(path);
  for await (const chunk of chunks) {
    open += decoded(() => decoder.decode(chunk, { stream: true }));
    const lines = open.split('\n');
    open = lines.pop() ?? '';
    yield* lines;
  }
  open += decoded(() => decoder.decode());
  if (open === '') return;
  yield open;
  throw new BrokenChain('it has no line end: it was torn');
}

function decoded(decode: () => string): string {
  try {
    return decode();
  } catch {
    throw new BrokenChain('it holds bytes that are not UTF-8');
  }
}
