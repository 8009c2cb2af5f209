import { harmless } from '#kit/printable.ts';
import { utf8Of } from '#kit/raw-text.ts';

/** A body for people. */
export interface BodyLines {
  readonly kind: 'json' | 'text' | 'hex' | 'none';
  readonly lines: readonly string[];
}

const MARK = '  <-- here';
const HEX_WIDTH = 16;
/** Longer bodies are cut: `export` has them whole. */
const MOST_LINES = 500;

/** Decodes by content type, else by what it looks like: JSON, text, bytes. The line at the JSON pointer is marked. */
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
    // What is text to the bus may be a picture: one character that no text has, and it is shown as bytes.
    if (/[\0-\u0008\u000E-\u001A]/.test(text)) return { kind: 'hex', lines: cut(hexLines(body)) };
    return { kind: 'text', lines: cut(text.split('\n').map(harmless)) };
  }
  const lines: string[] = [];
  print(value.json, '', '', '', pointer, lines);
  return {
    kind: 'json',
    lines: cut(
      lines,
      lines.findIndex((line) => line.endsWith(MARK)),
    ),
  };
}

function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** One line a value, opening and closing brackets on lines of their own. */
function print(
  value: unknown,
  at: string,
  indent: string,
  name: string,
  marked: string | undefined,
  lines: string[],
): void {
  const mark = at === marked ? MARK : '';
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    lines.push(`${indent}${name}${harmless(JSON.stringify(value))}${mark}`);
    return;
  }
  const isList = Array.isArray(value);
  lines.push(`${indent}${name}${isList ? '[' : '{'}${mark}`);
  for (const [key, item] of Object.entries(value)) {
    const below = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    print(item, below, `${indent}  `, isList ? '' : `${harmless(JSON.stringify(key))}: `, marked, lines);
  }
  lines.push(`${indent}${isList ? ']' : '}'}`);
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

/** Around the line `at`, where there is one. */
function cut(lines: readonly string[], at = -1): readonly string[] {
  if (lines.length <= MOST_LINES) return lines;
  const from = Math.max(0, Math.min(at - MOST_LINES / 2, lines.length - MOST_LINES));
  const kept = lines.slice(from, from + MOST_LINES);
  return [...(from > 0 ? [`(${from} lines before)`] : []), ...kept, '(more: sluice dlq export has the whole body)'];
}
