import { isAlias, isMap, isNode, isScalar, isSeq, visit } from 'yaml';
import type { Alias, Document, LineCounter, Node, YAMLMap } from 'yaml';
import type { FindingDraft } from '../check/finding-list.ts';
import { offsetInSource } from './scalar-offsets.ts';
import type { Position, NodePosition } from './source-map.ts';
import { SECRET } from '../check/explain-value.ts';
import { pointerTo } from '#kit/pointer.ts';

// Aliases of aliases and merged maps multiply. No pipeline written by hand comes near these bounds.
const MOST_VALUES = 30_000;
const MOST_LEVELS = 100;

/** The document is larger than a pipeline may be. The message states the bound, `found` the actual size. */
export class TooMuch extends Error {
  override readonly name = 'TooMuch';
  readonly found: string;

  constructor(expected: string, found: string) {
    super(expected);
    this.found = found;
  }
}

/** Pairs of a map, merged ones included, each with the node whose position counts for it. */
type Entry = readonly [key: string, keyNode: Node, valueNode: Node | null, place: Node | undefined];

function nodeOf(value: unknown): Node | null {
  return isNode(value) ? value : null;
}

/** Reads the nodes of one document as plain data. For one use. */
export class YamlReader {
  readonly spots = new Map<string, NodePosition>();
  readonly flaws: FindingDraft[] = [];
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #open = new Set<Node>();
  #values = 0;
  #levels = 0;

  constructor(document: Document, text: string, lines: LineCounter) {
    this.#targets = aliasTargets(document);
    this.#text = text;
    this.#lines = lines;
  }

  placeAt(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  /** `use` is the alias that refers to the node: errors have the position of the alias. */
  read(node: Node | null, pointer: string, keyNode: Node | undefined, use: Node | undefined): unknown {
    const seen = use ?? node;
    const start = seen?.range?.[0] ?? keyNode?.range?.[0] ?? 0;
    const key = keyNode?.range === undefined || keyNode.range === null ? {} : { key: this.placeAt(keyNode.range[0]) };
    this.spots.set(pointer, { ...key, value: this.placeAt(start), ...this.#textSpot(node, use) });
    this.#count();
    if (node === null || isScalar(node)) return node?.value ?? null;
    this.#levels += 1;
    if (this.#levels > MOST_LEVELS) throw new TooMuch(`at most ${MOST_LEVELS} levels`, 'more');
    const value = this.#readHolder(node, pointer, keyNode, use);
    this.#levels -= 1;
    return value;
  }

  #count(): void {
    this.#values += 1;
    if (this.#values > MOST_VALUES)
      throw new TooMuch(`at most ${MOST_VALUES} values`, 'more, once every alias is followed');
  }

  #readHolder(node: Node, pointer: string, keyNode: Node | undefined, use: Node | undefined): unknown {
    if (isAlias(node)) return this.#readAlias(node, pointer, keyNode, use);
    if (isSeq(node)) {
      return node.items.map((item, index) => this.read(nodeOf(item), pointerTo(pointer, index), undefined, use));
    }
    return isMap(node) ? this.#readMap(node, pointer, use) : null;
  }

  #readAlias(alias: Alias, pointer: string, keyNode: Node | undefined, use: Node | undefined): unknown {
    const target = this.#targets.get(alias);
    if (target === undefined || this.#open.has(target)) {
      const name = SECRET.test(pointer) ? '*, and a name that is not shown' : `*${alias.source}`;
      const why = target === undefined ? 'names no anchor before it' : 'lies inside its own anchor';
      this.flaws.push({
        code: 'YAML_SYNTAX',
        at: pointer,
        expected: 'the name of an anchor that ends before this line',
        found: `${name}, which ${why}`,
        write: `the value itself; a text that starts with * in quotes: "*${SECRET.test(pointer) ? '...' : alias.source}"`,
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

  /** All pairs of the map: its own first, then the merged ones that it lacks. */
  #entries(map: YAMLMap, use: Node | undefined): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged: Entry[] = [];
    const keys = new Set<string>();
    for (const pair of map.items) {
      const keyNode = nodeOf(pair.key);
      // A key that is not text is reported as an error of the YAML.
      if (!isScalar(keyNode) || typeof keyNode.value !== 'string') continue;
      const valueNode = nodeOf(pair.value);
      if (keys.has(keyNode.value)) this.#repeated(keyNode);
      keys.add(keyNode.value);
      if (keyNode.value === '<<') merged.push(...this.#merged(valueNode, use));
      else entries.set(keyNode.value, [keyNode.value, keyNode, valueNode, use]);
    }
    for (let count = 0; count < merged.length; count += 1) this.#count();
    for (const entry of merged) if (!entries.has(entry[0])) entries.set(entry[0], entry);
    return entries;
  }

  #repeated(keyNode: Node): void {
    const at = `/<yaml>${keyNode.range?.[0] ?? 0}`;
    this.spots.set(at, { value: this.placeAt(keyNode.range?.[0] ?? 0) });
    this.flaws.push({
      code: 'YAML_DUPLICATE_KEY',
      at,
      expected: 'each key once in a map',
      found: 'the same key again',
      write: 'one of the two',
    });
  }

  #merged(node: Node | null, use: Node | undefined): readonly Entry[] {
    if (isSeq(node)) return node.items.flatMap((item) => this.#merged(nodeOf(item), use));
    this.#count();
    const place = use ?? node ?? undefined;
    const target = isAlias(node) ? this.#targets.get(node) : node;
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

  #textSpot(node: Node | null, use: Node | undefined): Pick<NodePosition, 'inText'> {
    if (use !== undefined || !isScalar(node) || typeof node.value !== 'string' || !node.range) return {};
    const { value, type: style, range } = node;
    if (style === undefined) return {};
    const source = this.#text;
    const [start, end] = range;
    return {
      inText: (offset) => {
        const found = offsetInSource({ style, source, start, end, value }, offset);
        return found === undefined ? undefined : this.placeAt(found);
      },
    };
  }
}

/** The node of each alias: the last one of its name before it. One walk for all aliases instead of one for each. */
function aliasTargets(document: Document): ReadonlyMap<Alias, Node> {
  const targets = new Map<Alias, Node>();
  const anchored = new Map<string, Node>();
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchored.get(node.source);
        if (target !== undefined) targets.set(node, target);
      } else if (node.anchor !== undefined) anchored.set(node.anchor, node);
    },
  });
  return targets;
}
