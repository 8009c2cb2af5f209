import { crc32 } from 'node:zlib';
import type { Frame } from '#contract/frame.ts';

/** Carries the mark beside the body, where the buses carry headers. */
export const MARK_HEADER = 'sluice-mark';

/** Identifies one message of a run. */
export interface Mark {
  /** No two runs of the checker share it. */
  readonly run: string;
  /** No blanks in it. */
  readonly key: string;
  /** 1, 2, 3 and so on within its key. */
  readonly number: number;
  readonly sentAtMs: number;
}

/** The mark as read from a frame. `corrupt`: a part of the frame is not as it was sent; `mark` holds the parts that can be read. */
export type Reading =
  | { readonly kind: 'whole'; readonly mark: Mark }
  | { readonly kind: 'corrupt'; readonly mark: Mark; readonly text: string }
  | { readonly kind: 'unreadable'; readonly text: string };

/** The place in which marks survive: the body, padding included, or only the header, if a function makes another body. */
export type MarkPlace = 'body' | 'header';

export function nameOf({ key, number }: Pick<Mark, 'key' | 'number'>): string {
  return `${key} ${number}`;
}

function sumOf({ run, key, number, sentAtMs }: Mark, padding: string): string {
  return crc32(`${run} ${key} ${number} ${sentAtMs} ${padding}`).toString(16);
}

/** The header's text: the mark and a checksum over it. */
export function markText(mark: Mark): string {
  return `${mark.run} ${mark.key} ${mark.number} ${mark.sentAtMs} ${sumOf(mark, '')}`;
}

/** A JSON body without a mark: the header alone carries it. */
export function bareBody(base: Readonly<Record<string, unknown>>): Uint8Array {
  return Buffer.from(JSON.stringify(base));
}

/**
 * A JSON body: the members of the integrator's body, the mark, and padding up to about `sizeBytes`. The padding differs from
 * message to message, so that bytes of one in another are detected.
 */
export function markedBody(mark: Mark, base: Readonly<Record<string, unknown>>, sizeBytes: number): Uint8Array {
  const bare = JSON.stringify({ ...base, mark: { ...mark, sum: '00000000' }, padding: '' });
  const wanted = Math.max(0, sizeBytes - Buffer.byteLength(bare));
  const unit = `${nameOf(mark)}; `;
  const padding = unit.repeat(Math.ceil(wanted / unit.length)).slice(0, wanted);
  return Buffer.from(JSON.stringify({ ...base, mark: { ...mark, sum: sumOf(mark, padding) }, padding }));
}

export function readMark(frame: Pick<Frame, 'headers' | 'body'>, place: MarkPlace): Reading {
  const beside = headerMark(frame.headers.get(MARK_HEADER)?.[0]);
  if (place === 'header') {
    if (beside === undefined) return { kind: 'unreadable', text: `no header ${MARK_HEADER} that is whole` };
    return { kind: 'whole', mark: beside };
  }
  const within = bodyMark(frame.body);
  if (within === undefined) {
    const text = 'the body holds no mark';
    return beside === undefined ? { kind: 'unreadable', text } : { kind: 'corrupt', mark: beside, text };
  }
  const { mark, isWhole } = within;
  if (!isWhole) return { kind: 'corrupt', mark: beside ?? mark, text: 'the checksum does not fit the body' };
  if (beside !== undefined && (beside.run !== mark.run || nameOf(beside) !== nameOf(mark))) {
    return { kind: 'corrupt', mark, text: `its header identifies it as ${nameOf(beside)}` };
  }
  return { kind: 'whole', mark };
}

function headerMark(text: string | undefined): Mark | undefined {
  const found = /^(\S+) (\S+) (\d+) (\d+) ([0-9a-f]+)$/.exec(text ?? '');
  if (found === null) return undefined;
  const [, run = '', key = '', number, sentAtMs, sum] = found;
  const mark = { run, key, number: Number(number), sentAtMs: Number(sentAtMs) };
  return sum === sumOf(mark, '') ? mark : undefined;
}

function bodyMark(body: Uint8Array | null): { readonly mark: Mark; readonly isWhole: boolean } | undefined {
  const value = parsed(body);
  const found = field(value, 'mark');
  const [run, key, number, sentAtMs] = ['run', 'key', 'number', 'sentAtMs'].map((name) => field(found, name));
  if (typeof run !== 'string' || typeof key !== 'string') return undefined;
  if (typeof number !== 'number' || typeof sentAtMs !== 'number') return undefined;
  const mark = { run, key, number, sentAtMs };
  const padding = field(value, 'padding');
  return { mark, isWhole: typeof padding === 'string' && field(found, 'sum') === sumOf(mark, padding) };
}

function parsed(body: Uint8Array | null): unknown {
  try {
    return body === null ? undefined : JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

function field(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined;
}
