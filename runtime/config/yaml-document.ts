import { LineCounter, parseAllDocuments } from 'yaml';
import type { Document, YAMLError } from 'yaml';
import { isStackOverflow } from '#contract/errors.ts';
import type { FindingDraft } from './finding-list.ts';
import { Places } from './places.ts';
import { TooMuch, YamlReader } from './yaml-reader.ts';

/** A pipeline file read: plain data, and where each of it stands. */
export interface ParsedDocument {
  readonly value: unknown;
  readonly places: Places;
  readonly flaws: readonly FindingDraft[];
  /** Whether `value` can be judged further. */
  readonly readable: boolean;
}

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'spaces instead of the tab',
  BAD_INDENT: 'the same indentation for every key of a map, and the closing bracket of every list and map',
  BLOCK_AS_IMPLICIT_KEY: 'one key a line, and quotes around a text that holds ": "',
  MULTILINE_IMPLICIT_KEY: 'one key a line, all of a map at one indentation',
  UNEXPECTED_TOKEN: 'quotes around a text that starts with { [ & * ! % @ or `: key: "{topic.1}"',
  NON_STRING_KEY: 'a plain text as key',
  BAD_ALIAS: 'the name of an anchor that stands before this line',
  TAG_RESOLVE_FAILED: 'the value without the ! tag',
};

function draft(error: YAMLError, at: string): FindingDraft {
  return {
    code: 'YAML_SYNTAX',
    at,
    expected: 'YAML 1.2',
    found: error.message,
    write: HINTS[error.code] ?? 'what YAML takes here',
  };
}

// The largest file that a person wrote had a hundredth of it.
const MOST_CHARACTERS = 300_000;

/** Reads YAML text. Everything that is wrong with the YAML itself is in `flaws`; positions hold through anchors and merge keys. */
export function parseYaml(text: string): ParsedDocument {
  if (text.length > MOST_CHARACTERS)
    return unread({ expected: `at most ${MOST_CHARACTERS} characters`, found: `${text.length}` });
  // The parser makes an error for every slip, and most of their cost are their stacks, which nobody reads.
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

/** Nothing of the file is known, not even where it is wrong. */
function unread(flaw: Pick<FindingDraft, 'expected' | 'found'>): ParsedDocument {
  const flaws: FindingDraft[] = [{ code: 'YAML_SYNTAX', at: '', ...flaw, write: 'a file that people can read' }];
  return { value: null, places: new Places(new Map()), flaws, readable: false };
}

function parsed(text: string): ParsedDocument {
  const lines = new LineCounter();
  // The parser's own search for keys that stand twice takes the square of their number; the reader looks for them.
  const options = {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    logLevel: 'silent',
  } as const;
  const documents = parseAllDocuments(text, options);
  const [first, second] = [...documents];
  if (first === undefined) return { value: null, places: new Places(new Map()), flaws: [], readable: true };
  const reader = new YamlReader(first, text, lines);
  const value = readRoot(reader, first);
  const flaws = [...reader.flaws];
  const seenLines = new Set<number>();
  for (const error of [...first.errors, ...first.warnings]) {
    const place = reader.placeAt(error.pos[0]);
    // One slip makes several errors of the parser; the first of a line is the one that helps.
    if (seenLines.has(place.line)) continue;
    seenLines.add(place.line);
    const at = `/<yaml>${error.pos[0]}`;
    reader.spots.set(at, { value: place });
    flaws.push(draft(error, at));
  }
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
  return { value, places: new Places(reader.spots), flaws, readable };
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
