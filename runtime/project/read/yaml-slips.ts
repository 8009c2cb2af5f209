import { isCollection, visit } from 'yaml';
import type { Document, ErrorCode, YAMLError } from 'yaml';
import { shortened } from '#kit/shortened.ts';
import { shown } from '../check/describe.ts';

/** A mistake in the YAML itself, described in terms of the text instead of the grammar. */
export interface Slip {
  /** Offset of the mistake in the text; the parser may have reported a later one. */
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
  readonly write: string;
  /** Whether everything after it is a guess. */
  readonly isLast: boolean;
}

/** Mistakes within one value. The parser finds its end and continues without a consequential error. */
const LOCAL: ReadonlySet<ErrorCode> = new Set([
  'BAD_ALIAS',
  'BAD_DQ_ESCAPE',
  'BAD_SCALAR_START',
  'NON_STRING_KEY',
  'TAG_RESOLVE_FAILED',
]);

interface Site {
  readonly document: Document;
  readonly text: string;
  readonly offset: number;
  readonly error: YAMLError;
  readonly lineOf: (offset: number) => number;
}

type Said = Partial<Omit<Slip, 'isLast'>> & Pick<Slip, 'found' | 'write'>;

/**
 * The mistakes of a document in the order of the text. One that breaks the structure is the last: the parser guesses
 * everything after it.
 */
export function slipsOf(document: Document, text: string, lineOf: (offset: number) => number): readonly Slip[] {
  const slips: Slip[] = [];
  for (const error of [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const [offset] = error.pos;
    const site: Site = { document, text, offset, error, lineOf };
    const isLast = !LOCAL.has(error.code);
    const said = {
      offset,
      ...((isLast ? unclosedQuote(site) : undefined) ?? SAID[error.code]?.(site) ?? asTold(site)),
    };
    slips.push({ expected: 'YAML 1.2', isLast, ...discreet(said, text) });
    if (isLast) break;
  }
  return slips;
}

// Findings appear in CI logs. For a broken text it is not known under which key a line is.
const SECRET = /password|token|nkey|creds|secret|\/\/[^/\s]*@/i;
const SECRET_TO_COME = /(?:password|token|nkey|creds|secret)["']?\s*:?\s*(?:[|>][-+\d]*)?\s*(?:#.*)?$/i;
const BLANK = /^\s*(?:#.*)?$/;

/** The line without values that are or may be secrets. Of a long line only a part is examined. */
function discreet<T extends Said & { readonly offset: number }>(said: T, text: string): T {
  const start = lineStart(text, said.offset);
  const isWhole = said.offset - start < MOST_READ;
  const above = linesAbove(text, start).findLast((line) => !BLANK.test(line)) ?? '';
  if (isWhole && !SECRET.test(restOfLine(text, start)) && !SECRET_TO_COME.test(above)) return said;
  const write = 'quotes around a text, a colon and a space behind a key, a closing bracket for each opening one';
  return { ...said, found: 'a line that is not shown, for it may name a secret', write };
}

function asTold({ error }: Site): Said {
  return { found: error.message, write: 'what YAML takes here, or quotes around the text' };
}

const SAID: Partial<Record<ErrorCode, (site: Site) => Said>> = {
  TAB_AS_INDENT: () => ({
    expected: 'spaces before the first word of a line',
    found: 'a tab',
    write: 'spaces instead of the tab, here and in the lines after this one',
  }),
  BAD_INDENT: badIndent,
  MISSING_CHAR: missingCharacter,
  UNEXPECTED_TOKEN: unexpectedToken,
  BLOCK_AS_IMPLICIT_KEY: nested,
  BLOCK_IN_FLOW: nested,
  MULTILINE_IMPLICIT_KEY: noColon,
  BAD_SCALAR_START: ({ text, offset }) => startsOddly(text, offset),
  BAD_DQ_ESCAPE: ({ error }) => ({
    expected: 'a text in quotes',
    found: error.message,
    write: 'single quotes around the text, or \\\\ for one backslash',
  }),
  NON_STRING_KEY: ({ error }) => ({ found: error.message, write: 'a plain text as key' }),
  BAD_ALIAS: ({ text, offset }) => startsOddly(text, offset),
  TAG_RESOLVE_FAILED: ({ text, offset }) => startsOddly(text, offset),
};

/** A quote without an end, or with one lines below at the next quote: the mistake is at its beginning. */
function unclosedQuote({ document, text, offset, error }: Site): Said | undefined {
  const isTold = error.message.startsWith('Missing closing');
  let start: number | undefined;
  visit(document, {
    Scalar(_, node) {
      const [from, to] = node.range ?? [0, 0];
      if (node.type !== 'QUOTE_DOUBLE' && node.type !== 'QUOTE_SINGLE') return;
      const spansLines = text.slice(from, to).trimEnd().includes('\n');
      const endsThere = from < offset && !text.slice(to, offset).includes('\n');
      if ((spansLines || isTold) && endsThere) start = from;
    },
  });
  if (start === undefined) return undefined;
  const quote = text[start] ?? '"';
  const line = restOfLine(text, start);
  if (line.indexOf(quote, 1) !== -1) return undefined;
  const word = /^.(?:\{[^{}\s]*\}|[^\s,\]}])*/.exec(line)?.[0] ?? line;
  return {
    offset: start,
    expected: `a text between two ${quote}`,
    found: `${quote} without a second one in its line`,
    write: `${shortened(word, MOST_SHOWN)}${quote}`,
  };
}

function badIndent({ document, text, offset, error, lineOf }: Site): Said {
  const [start] = error.message.startsWith('Flow') ? openAt(document, text, offset) : [];
  const first = offset + (/^[ \t]*/.exec(restOfLine(text, offset))?.[0].length ?? 0);
  if (start === undefined) {
    return {
      offset: first,
      expected: 'keys of one map, or items of one list, at one column',
      found: 'another indentation',
      write: 'this line under the first letter of the key or the - that it belongs to',
    };
  }
  const isMap = text[start] === '{';
  return {
    offset: first,
    expected: `a comma or the ${isMap ? '} of the map' : '] of the list'} that begins in line ${lineOf(start)}`,
    found: shown(shortened(restOfLine(text, first).trim(), MOST_SHOWN)),
    write: `${isMap ? '}' : ']'} at the end of the ${isMap ? 'map' : 'list'}`,
  };
}

/** The innermost { or [ that is open at the offset. */
function openAt(document: Document, text: string, offset: number): readonly number[] {
  const open: number[] = [];
  visit(document, {
    Collection(_, node) {
      const [from, to] = node.range ?? [0, 0];
      if (isCollection(node) && node.flow === true && from < offset && to >= offset && isOpen(text, from, to))
        open.unshift(from);
    },
  });
  return open;
}

function isOpen(text: string, from: number, to: number): boolean {
  return text.slice(from, to).trimEnd().at(-1) !== (text[from] === '{' ? '}' : ']');
}

function missingCharacter(site: Site): Said {
  const { text, offset, error } = site;
  if (error.message.startsWith('Comments')) return startsOddly(text, offset);
  if (error.message.startsWith('Missing ,') || error.message.startsWith('Missing {')) {
    return {
      expected: 'a comma between two entries, and a colon and a space after a key',
      found: shown(shortened(restOfLine(text, offset).trim(), MOST_SHOWN)),
      write: 'the comma before it, or the colon after the key: key: value',
    };
  }
  return noColon(site);
}

function noColon({ text, offset }: Site): Said {
  const line = restOfLine(text, offset).trim();
  const [, key, value] = /^([^\s:]+):(\S.*)$/.exec(line) ?? /^(\S+)\s+([^\s:]+)$/.exec(line) ?? [];
  return {
    expected: 'a key, a colon and a space, then its value',
    found: shown(shortened(line, MOST_SHOWN)),
    write: key === undefined ? 'key: value' : shortened(`${key}: ${value}`, MOST_SHOWN),
  };
}

function unexpectedToken({ text, offset, error }: Site): Said {
  const character = text[offset] ?? '';
  const before = text.slice(lineStart(text, offset), offset);
  if (error.message.includes('YAML stream') || /^[}\]]/.test(character)) {
    return {
      expected: 'a closing bracket for each opening one',
      found: shown(shortened(restOfLine(text, offset).trim(), MOST_SHOWN)),
      write: /^[}\]]/.test(character) ? `one ${character} less` : 'quotes around a text that holds { } [ or ]',
    };
  }
  const value = valueAround(before, restOfLine(text, offset));
  return {
    expected: 'quotes around a text that holds { } [ ] or quotes',
    found: `${shortened(value, MOST_SHOWN)} without them`,
    write: quoted(value),
    offset: offset - valueBefore(before).length,
  };
}

/** `key: a: b`, and in a flow map also a comma that is missing. */
function nested({ text, offset, error }: Site): Said {
  const line = restOfLine(text, offset);
  if (/^\s*- /.test(line)) {
    return {
      expected: 'keys alone, or items alone, at one column',
      found: 'an item of a list beside the keys of a map',
      write: 'a key before the list, and its items beneath that key',
    };
  }
  const isFlow = error.code === 'BLOCK_IN_FLOW';
  const [, first, key] = (isFlow ? /^(\S+)\s+([\w-]+):\s/.exec(line) : null) ?? [];
  if (key !== undefined) {
    return {
      expected: 'a comma between two entries',
      found: shown(`${first} ${key}:`),
      write: shortened(`${first}, ${key}:`, MOST_SHOWN),
    };
  }
  const value = isFlow ? (/^[^,\]}]*/.exec(line)?.[0] ?? '') : line.replace(/\s#.*$/, '');
  return {
    expected: 'one ": " for each key, or quotes around a text that holds it',
    found: `${shortened(value.trim(), MOST_SHOWN)} without them`,
    write: quoted(value.trim()),
  };
}

function startsOddly(text: string, offset: number): Said {
  const word = /^[^\s,\]}]*/.exec(restOfLine(text, offset))?.[0] ?? '';
  return {
    expected: 'quotes around a text that starts with one of * & ! # % @ ` > |',
    found: `${shortened(word, MOST_SHOWN)} without them`,
    write: quoted(word),
  };
}

const MOST_SHOWN = 60;

/** Characters of a line on each side of a mistake: a file may be one line with a mistake at each of its characters. */
const MOST_READ = 500;

function lineStart(text: string, offset: number): number {
  const from = Math.max(0, offset - MOST_READ);
  return from + text.slice(from, offset).lastIndexOf('\n') + 1;
}

function linesAbove(text: string, start: number): readonly string[] {
  return text.slice(Math.max(0, start - MOST_READ), start).split(/\r?\n/);
}

function restOfLine(text: string, offset: number): string {
  return /^[^\r\n]*/.exec(text.slice(offset, offset + MOST_READ))?.[0] ?? '';
}

/** The part of an unquoted text with brackets or quotes before the character at which the parser ended it. */
function valueBefore(before: string): string {
  const value = /(?:[:,[{-]\s+|[[{])((?:\{[^{}\s]*\}|\[[^[\]\s]*\]|"[^"]*"|'[^']*'|[^\s,[\]{}"'])*\s*)$/.exec(before);
  return value?.[1] ?? '';
}

function valueAround(before: string, after: string): string {
  const rest = /^(?:\{[^{}\s]*\}|\[[^[\]\s]*\]|"[^"]*"|'[^']*'|[^\s,[\]{}"'])*/.exec(after)?.[0] ?? '';
  return `${valueBefore(before)}${rest}`;
}

function quoted(text: string): string {
  const inner = shortened(text.replace(/^(['"])(.*?)\1/, '$2'), MOST_SHOWN);
  return inner.includes('"') || inner.includes('\\') ? `'${inner.replaceAll("'", "''")}'` : `"${inner}"`;
}
