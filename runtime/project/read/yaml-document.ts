import { LineCounter, parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';
import { isStackOverflow } from '#contract/errors.ts';
import type { FindingDraft } from '../check/finding-list.ts';
import { type Position, SourceMap } from './source-map.ts';
import { TooMuch, YamlReader } from './yaml-reader.ts';
import { type Slip, slipsOf } from './yaml-slips.ts';

/** A parsed pipeline file: plain data and its positions. */
export interface ParsedDocument {
  readonly value: unknown;
  readonly places: SourceMap;
  readonly flaws: readonly FindingDraft[];
  /** Whether `value` can be checked further. */
  readonly readable: boolean;
}

// The largest file written by hand had a hundredth of it.
const MOST_CHARACTERS = 300_000;

/** Reads YAML text. `flaws` holds all errors of the YAML itself. Positions are right through anchors and merge keys. */
export function parseYaml(text: string): ParsedDocument {
  if (text.length > MOST_CHARACTERS)
    return unread({ expected: `at most ${MOST_CHARACTERS} characters`, found: `${text.length}` });
  // The parser makes an Error for every mistake; most of their cost is the stack, which is not used.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return parsed(text);
  } catch (thrown) {
    if (!isStackOverflow(thrown)) throw thrown;
    return unread({ expected: 'a file whose nesting the parser can hold', found: 'a deeper one' });
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Neither data nor positions of the file are known. */
function unread(flaw: Pick<FindingDraft, 'expected' | 'found'>): ParsedDocument {
  const flaws: FindingDraft[] = [{ code: 'YAML_SYNTAX', at: '', ...flaw, write: 'a file that people can read' }];
  return { value: null, places: new SourceMap(new Map()), flaws, readable: false };
}

function parsed(text: string): ParsedDocument {
  const lines = new LineCounter();
  // The parser's own search for duplicate keys takes the square of their number; the reader searches instead.
  const options = {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    // `!!binary`, `!!set` and the like would be objects with methods. Not resolved, they are refused as unknown tags.
    resolveKnownTags: false,
    logLevel: 'silent',
  } as const;
  const documents = parseAllDocuments(text, options);
  const [first, second] = [...documents];
  if (first === undefined) return { value: null, places: new SourceMap(new Map()), flaws: [], readable: true };
  const reader = new YamlReader(first, text, lines);
  const value = readRoot(reader, first);
  const slips = slipsOf(first, text, (offset) => reader.placeAt(offset).line);
  const flaws = withSlips(reader, slips);
  const readable = flaws.every(({ code }) => code !== 'YAML_SYNTAX');
  if (second !== undefined) {
    reader.spots.set('/<yaml>', { value: reader.placeAt(second.range[0]) });
    flaws.push({
      code: 'YAML_DOCUMENTS',
      at: '/<yaml>',
      expected: 'one document',
      found: 'a second one after ---',
      write: 'each pipeline in a file of its own',
    });
  }
  return { value, places: new SourceMap(reader.spots), flaws, readable };
}

/** Errors of the reader and the parser, one for each position. After a broken structure those of the reader are guesses. */
function withSlips(reader: YamlReader, slips: readonly Slip[]): FindingDraft[] {
  const places = new SourceMap(reader.spots);
  const breaks = slips.find(({ isLast }) => isLast)?.offset;
  const end = breaks === undefined ? undefined : reader.placeAt(breaks);
  const read = reader.flaws.filter(({ at }) => {
    const { line, column } = places.of(at);
    return end === undefined || line < end.line || (line === end.line && column < end.column);
  });
  const taken = new Set(read.map(({ at }) => placeKey(places.of(at))));
  const parsers = slips.flatMap(({ offset, expected, found, write }): FindingDraft[] => {
    const place = reader.placeAt(offset);
    if (taken.has(placeKey(place))) return [];
    const at = `/<yaml>${offset}`;
    reader.spots.set(at, { value: place });
    return [{ code: 'YAML_SYNTAX', at, expected, found, write }];
  });
  return [...read, ...parsers];
}

function placeKey({ line, column }: Position): string {
  return `${line}:${column}`;
}

function readRoot(reader: YamlReader, document: Document.Parsed): unknown {
  try {
    return reader.read(document.contents, '', undefined, undefined);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    reader.flaws.push({
      code: 'YAML_SYNTAX',
      at: '',
      expected: error.message,
      found: error.found,
      write: 'less, and fewer aliases of aliases',
    });
    return null;
  }
}
