import { createHash } from 'node:crypto';
import { canonicalJson } from '#kit/canonical-json.ts';
import { isMap } from '#kit/json-value.ts';

/** What a record says, beside its place in the chain. Plain JSON. */
export type AuditRecord = Readonly<Record<string, unknown>> & { readonly kind: string };

/** The end of a chain: number and hash of its last line. Before the first line: number 0. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

/** What the first line names as the hash of the line before. */
export const CHAIN_START: ChainEnd = { seq: 0, hash: '0'.repeat(64) };

/** In bytes. No record comes near it; what is longer is another file. */
export const LONGEST_LINE = 16 * 1024 * 1024;

/** What is wrong with a line. */
export class BrokenChain extends Error {}

/** Of a line that says that an earlier run left lines which are gone: a chain that holds one is not whole. */
export const LOST = 'audit.lost';

/** The line behind `end`, line end included, and the end that it makes. `at`: milliseconds since 1970 (UTC). */
export function nextLine(
  record: AuditRecord,
  end: ChainEnd,
  at: number,
): { readonly line: string; readonly end: ChainEnd } {
  const seq = end.seq + 1;
  const content = { ...record, v: 1, seq, ts: new Date(at).toISOString(), prev: end.hash };
  const hash = hashOf(canonicalJson(content));
  return { line: `${canonicalJson({ ...content, hash })}\n`, end: { seq, hash } };
}

/**
 * The end that a line makes behind `end`. Throws BrokenChain. A line counts only in its canonical form, so that no byte of it can change
 * without notice.
 */
export function checkedLine(line: string, end: ChainEnd): { readonly record: AuditRecord; readonly end: ChainEnd } {
  const record = recordOf(line);
  const { hash, ...content } = record;
  if (typeof hash !== 'string' || canonicalText(record) !== line) throw new BrokenChain('it is no canonical record');
  if (hashOf(canonicalText(content)) !== hash)
    throw new BrokenChain('its content does not fit its hash: it was edited');
  if (record['seq'] !== end.seq + 1) {
    throw new BrokenChain(`it is number ${String(record['seq'])} where number ${end.seq + 1} belongs`);
  }
  if (record['prev'] !== end.hash) throw new BrokenChain('it does not follow the line before it');
  return { record, end: { seq: end.seq + 1, hash } };
}

/** The last whole line of a file as an end, its own hash checked. Throws BrokenChain. */
export function endOfLine(line: string): ChainEnd {
  const { seq, prev } = recordOf(line);
  if (typeof seq !== 'number' || typeof prev !== 'string') throw new BrokenChain('it is no record');
  return checkedLine(line, { seq: seq - 1, hash: prev }).end;
}

function recordOf(line: string): AuditRecord & { readonly hash?: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BrokenChain('it is no JSON');
  }
  if (!isMap(value) || typeof value['kind'] !== 'string') throw new BrokenChain('it is no record');
  return { ...value, kind: value['kind'] };
}

function canonicalText(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch {
    throw new BrokenChain('it is no canonical record');
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
