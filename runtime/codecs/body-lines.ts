import { readJson } from './json-reader.ts';
import { harmless } from '#kit/printable.ts';
import { pointerKeys } from '#kit/pointer.ts';
import { utf8Of } from '#kit/raw-text.ts';
import { shortened } from '#kit/shortened.ts';

/** A body for people. */
export interface BodyLines {
  readonly kind: 'json' | 'text' | 'hex' | 'none';
  readonly lines: readonly string[];
}

const MARK = '  <-- here';
const HEX_WIDTH = 16;
/** Longer bodies are cut: `export` has them whole. */
const MOST_LINES = 500;
/** Of a text; a line of JSON is a member. */
const LONGEST_LINE = 10_000;
/** Levels that are indented; a deeper line shows its level as a number. */
const MOST_INDENT = 40;

/** Decodes by content type, else by content: JSON, text, bytes. The line at the JSON pointer is marked. */
export function bodyLines(
  body: Uint8Array | null,
  contentType: string | undefined,
  pointer: string | undefined,
): BodyLines {
  if (body === null) return { kind: 'none', lines: [] };
  const isBytes = contentType?.toLowerCase().startsWith('application/octet-stream') === true;
  const text = isBytes ? undefined : utf8Of(body);
  if (text === undefined) return { kind: 'hex', lines: cut(hexLines(body)) };
  const isText = contentType?.toLowerCase().startsWith('text/') === true;
  const value = isText ? undefined : parsed(text);
  if (value === undefined) {
    // A body of type text may be a picture: with one control character that no text has, it is shown as bytes.
    if (/[\0-\u0008\u000E-\u001A]/.test(text)) return { kind: 'hex', lines: cut(hexLines(body)) };
    return { kind: 'text', lines: cut(text.split('\n').map((line) => harmless(shortened(line, LONGEST_LINE)))) };
  }
  return { kind: 'json', lines: jsonLines(value.json, pointer) };
}

/** Numbers as they are written. A body with a duplicate key, which no object can hold, is shown as text. */
function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    JSON.parse(text);
    return { json: readJson(text, (number) => new NumberText(number)) };
  } catch {
    return undefined;
  }
}

class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Reads the body twice, no further than needed, so that only the lines that are shown are made: a body may have millions. */
function jsonLines(json: unknown, pointer: string | undefined): readonly string[] {
  let count = 0;
  let markedAt = -1;
  for (const { isMarked } of rows(json, pointer)) {
    if (isMarked) markedAt = count;
    count += 1;
    const isSeen = markedAt >= 0 || pointer === undefined;
    if (isSeen && count > markedAt + MOST_LINES + 1) break;
  }
  const [from, to] = shownOf(count, markedAt);
  const lines: string[] = [];
  let number = 0;
  for (const row of rows(json, pointer)) {
    if (number >= to) break;
    if (number >= from) lines.push(`${indentOf(row.depth)}${row.text()}${row.isMarked ? MARK : ''}`);
    number += 1;
  }
  return framed(lines, from, count);
}

/** One line of a JSON body, made when it is shown. */
interface BodyRow {
  readonly depth: number;
  readonly text: () => string;
  readonly isMarked: boolean;
}

/** A value whose members are being visited. */
interface OpenValue {
  readonly value: object;
  /** Undefined for a list. */
  readonly names: readonly string[] | undefined;
  next: number;
  /** The next step of the pointer; undefined if the pointer leads elsewhere, or ends. */
  readonly step: string | undefined;
}

/** One line a value, opening and closing brackets on lines of their own. Without recursion: a body may be nested a million deep. */
function* rows(json: unknown, pointer: string | undefined): Generator<BodyRow> {
  const steps = pointer === undefined ? undefined : pointerKeys(pointer);
  const open: OpenValue[] = [];
  const begin = (value: unknown, name: string, isOnPath: boolean): BodyRow => {
    const depth = open.length;
    const isMarked = isOnPath && steps !== undefined && depth === steps.length;
    if (value instanceof NumberText) return { depth, isMarked, text: () => `${name}${value.text}` };
    if (typeof value !== 'object' || value === null || isEmpty(value)) {
      return { depth, isMarked, text: () => `${name}${harmless(JSON.stringify(value))}` };
    }
    const names = Array.isArray(value) ? undefined : Object.keys(value);
    open.push({ value, names, next: 0, step: isOnPath ? steps?.[depth] : undefined });
    return { depth, isMarked, text: () => `${name}${names === undefined ? '[' : '{'}` };
  };
  yield begin(json, '', true);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { value, names, step } = top;
    const size = names?.length ?? (Array.isArray(value) ? value.length : 0);
    if (top.next === size) {
      open.pop();
      yield { depth: open.length, isMarked: false, text: () => (names === undefined ? ']' : '}') };
      continue;
    }
    const key = names?.[top.next] ?? String(top.next);
    top.next += 1;
    const member: unknown = Reflect.get(value, key);
    yield begin(member, names === undefined ? '' : `${harmless(JSON.stringify(key))}: `, key === step);
  }
}

function isEmpty(value: object): boolean {
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

function indentOf(depth: number): string {
  return depth <= MOST_INDENT ? '  '.repeat(depth) : `${'  '.repeat(MOST_INDENT)}(level ${depth}) `;
}

function hexLines(body: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < body.length && lines.length <= MOST_LINES; at += HEX_WIDTH) {
    const part = Buffer.from(body.subarray(at, at + HEX_WIDTH));
    const hex = part.toString('hex').replaceAll(/../g, '$& ');
    const plain = part.toString('latin1').replaceAll(/[^ -~]/g, '.');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(HEX_WIDTH * 3)} ${plain}`);
  }
  return lines;
}

function cut(lines: readonly string[]): readonly string[] {
  const [from, to] = shownOf(lines.length, -1);
  return framed(lines.slice(from, to), from, lines.length);
}

/** The range of the lines that are shown: those around the line `at`, if there is one. `to` is exclusive. */
function shownOf(count: number, at: number): readonly [from: number, to: number] {
  const from = Math.max(0, Math.min(at - MOST_LINES / 2, count - MOST_LINES));
  return [from, Math.min(count, from + MOST_LINES)];
}

function framed(lines: readonly string[], from: number, count: number): readonly string[] {
  if (lines.length === count) return lines;
  return [...(from > 0 ? [`(${from} lines before)`] : []), ...lines, '(more: sluice dlq export has the whole body)'];
}
