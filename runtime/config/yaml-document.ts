import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Alias, Document, Node, YAMLError, YAMLMap } from 'yaml';
import type { FindingDraft } from './finding-list.ts';
import { Places } from './places.ts';
import type { Place, Spot } from './places.ts';
import { pointerTo } from './pointer.ts';

/** A pipeline file read: plain data, and where each of it stands. */
export interface ParsedDocument {
  readonly value: unknown;
  readonly places: Places;
  readonly flaws: readonly FindingDraft[];
  /** Whether `value` can be judged further. */
  readonly readable: boolean;
}

// Aliases of aliases multiply; no pipeline that a person wrote comes near this.
const MAX_NODES = 100_000;

/** Pairs of a map with the merged ones in their place, each with the node at which it counts as written. */
type Entry = readonly [key: string, keyNode: Node, valueNode: Node | null, place: Node | undefined];

function nodeOf(value: unknown): Node | null {
  return isNode(value) ? value : null;
}

class Reader {
  readonly spots = new Map<string, Spot>();
  readonly flaws: FindingDraft[] = [];
  readonly #document: Document;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #open = new Set<Node>();
  #nodes = 0;

  constructor(document: Document, text: string, lines: LineCounter) {
    this.#document = document;
    this.#text = text;
    this.#lines = lines;
  }

  placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  /** `use` is the alias through which the node is seen: errors point at the place of use. */
  read(node: Node | null, pointer: string, keyNode: Node | undefined, use: Node | undefined): unknown {
    const seen = use ?? node;
    const start = seen?.range?.[0] ?? keyNode?.range?.[0] ?? 0;
    const key = keyNode?.range === undefined || keyNode.range === null ? {} : { key: this.placeAt(keyNode.range[0]) };
    this.spots.set(pointer, { ...key, value: this.placeAt(start), ...this.#textSpot(node, use) });
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES) throw new RangeError('too many nodes');
    if (node === null) return null;
    if (isAlias(node)) return this.#readAlias(node, pointer, keyNode, use);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) {
      return node.items.map((item, index) => this.read(nodeOf(item), pointerTo(pointer, index), undefined, use));
    }
    return isMap(node) ? this.#readMap(node, pointer, use) : null;
  }

  #readAlias(alias: Alias, pointer: string, keyNode: Node | undefined, use: Node | undefined): unknown {
    const target = alias.resolve(this.#document);
    if (target === undefined || this.#open.has(target)) {
      const why = target === undefined ? 'names no anchor before it' : 'lies inside its own anchor';
      this.flaws.push({
        code: 'YAML_SYNTAX',
        at: pointer,
        expected: 'the name of an anchor that ends before this line',
        found: `*${alias.source}, which ${why}`,
        write: 'the value itself',
      });
      return null;
    }
    this.#open.add(target);
    const value = this.read(target, pointer, keyNode, use ?? alias);
    this.#open.delete(target);
    return value;
  }

  #readMap(map: YAMLMap, pointer: string, use: Node | undefined): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const [key, keyNode, valueNode, place] of this.#entries(map, use).values()) {
      const at = pointerTo(pointer, key);
      if (key === '__proto__') {
        this.spots.set(at, { value: this.placeAt((place ?? keyNode).range?.[0] ?? 0) });
        this.flaws.push({
          code: 'UNKNOWN_FIELD',
          at,
          found: '__proto__',
          expected: 'another name',
          write: 'nothing of that name',
        });
      } else {
        value[key] = this.read(valueNode, at, place ?? keyNode, place);
      }
    }
    return value;
  }

  /** The pairs that the map has in the end: its own first, then merged ones that it lacks. */
  #entries(map: YAMLMap, use: Node | undefined): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged: Entry[] = [];
    for (const pair of map.items) {
      const keyNode = nodeOf(pair.key);
      // A key that is no text is a flaw of the YAML, told as such.
      if (!isScalar(keyNode) || typeof keyNode.value !== 'string') continue;
      const valueNode = nodeOf(pair.value);
      if (keyNode.value === '<<') merged.push(...this.#merged(valueNode, use));
      else entries.set(keyNode.value, [keyNode.value, keyNode, valueNode, use]);
    }
    for (const entry of merged) if (!entries.has(entry[0])) entries.set(entry[0], entry);
    return entries;
  }

  #merged(node: Node | null, use: Node | undefined): readonly Entry[] {
    if (isSeq(node)) return node.items.flatMap((item) => this.#merged(nodeOf(item), use));
    const place = use ?? node ?? undefined;
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    if (!isMap(target) || this.#open.has(target)) {
      const start = this.placeAt(node?.range?.[0] ?? 0);
      const at = `/<<${this.flaws.length}`;
      this.spots.set(at, { value: start });
      this.flaws.push({
        code: 'YAML_SYNTAX',
        at,
        expected: 'a map, or the alias of one, after <<',
        found: isAlias(node) ? `*${node.source}` : 'something else',
        write: '<<: *NAME',
      });
      return [];
    }
    this.#open.add(target);
    const entries = [...this.#entries(target, place).values()];
    this.#open.delete(target);
    return entries.map(([key, keyNode, valueNode]) => [key, keyNode, valueNode, place]);
  }

  #textSpot(node: Node | null, use: Node | undefined): { readonly text?: Place } {
    if (use !== undefined || !isScalar(node) || typeof node.value !== 'string' || !node.range) return {};
    const quoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE';
    const start = node.range[0] + (quoted ? 1 : 0);
    return this.#text.startsWith(node.value, start) ? { text: this.placeAt(start) } : {};
  }
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
  if (error.code === 'DUPLICATE_KEY') {
    return {
      code: 'YAML_DUPLICATE_KEY',
      at,
      expected: 'each key once in a map',
      found: 'the same key again',
      write: 'one of the two',
    };
  }
  return {
    code: 'YAML_SYNTAX',
    at,
    expected: 'YAML 1.2',
    found: error.message,
    write: HINTS[error.code] ?? 'what YAML takes here',
  };
}

/** Reads YAML text. Everything that is wrong with the YAML itself is in `flaws`; positions hold through anchors and merge keys. */
export function parseYaml(text: string): ParsedDocument {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, logLevel: 'silent' } as const;
  const documents = parseAllDocuments(text, options);
  const [first, second] = [...documents];
  if (first === undefined) return { value: null, places: new Places(new Map()), flaws: [], readable: true };
  const reader = new Reader(first, text, lines);
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

function readRoot(reader: Reader, document: Document.Parsed): unknown {
  try {
    return reader.read(document.contents, '', undefined, undefined);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    reader.flaws.push({
      code: 'YAML_SYNTAX',
      at: '',
      expected: `at most ${MAX_NODES} values`,
      found: 'more, once every alias is followed',
      write: 'fewer aliases of aliases',
    });
    return null;
  }
}
