/** Any text within one level that has this beginning and end. */
export interface OpenLevel {
  readonly begins: string;
  readonly ends: string;
}

/** Any number of levels, including none. */
export const LEVELS = null;
/** One level with any text. */
export const ONE: OpenLevel = { begins: '', ends: '' };

/** One part of a pattern: fixed text, one open level, or any number of levels. */
export type PatternLevel = string | OpenLevel | null;

/** A set of addresses, level by level. Filters and address templates are both such patterns. */
export type AddressPattern = readonly PatternLevel[];

/** The wildcards of a bus; each is a level of its own. */
export interface Wildcards {
  readonly separator: string;
  readonly one: string;
  readonly levels: string;
}

/** The pattern of a filter. */
export function patternOf(filter: string, { separator, one, levels }: Wildcards): AddressPattern {
  return filter.split(separator).map((level) => (level === one ? ONE : level === levels ? LEVELS : level));
}

function fits(text: string, { begins, ends }: OpenLevel): boolean {
  return text.length >= begins.length + ends.length && text.startsWith(begins) && text.endsWith(ends);
}

function beginningOf(level: PatternLevel): string {
  return typeof level === 'string' ? level : (level?.begins ?? '');
}

/** Whether the other pattern begins with a level that a leading wildcard does not match: `$...` in MQTT. */
function hides([first]: AddressPattern, [other]: AddressPattern, hidden: string | undefined): boolean {
  if (hidden === undefined || first === undefined || other === undefined || typeof first === 'string') return false;
  return beginningOf(first) === '' && beginningOf(other).startsWith(hidden);
}

/** Whether the filter matches every address of the pattern. A filter has no partly open levels. */
export function covers(filter: AddressPattern, pattern: AddressPattern, hidden?: string): boolean {
  if (hides(filter, pattern, hidden)) return false;
  const failed = new Set<number>();
  const from = (at: number, other: number): boolean => {
    const wanted = filter[at];
    const given = pattern[other];
    if (wanted === undefined) return other === pattern.length;
    const place = at * (pattern.length + 1) + other;
    if (failed.has(place)) return false;
    const isCovered =
      wanted === LEVELS
        ? from(at + 1, other) || (given !== undefined && from(at, other + 1))
        : given !== undefined &&
          given !== LEVELS &&
          (typeof wanted !== 'string' || wanted === given) &&
          from(at + 1, other + 1);
    if (!isCovered) failed.add(place);
    return isCovered;
  };
  return from(0, 0);
}

interface Node<Value> {
  readonly fixed: Map<string, Node<Value>>;
  one: Node<Value> | undefined;
  /** The subtree after any number of levels. */
  rest: Node<Value> | undefined;
  /** Values of the filters that end here. */
  readonly values: { readonly filter: AddressPattern; readonly value: Value }[];
}

const newNode = <Value>(): Node<Value> => ({ fixed: new Map(), one: undefined, rest: undefined, values: [] });

/**
 * A tree of filters by level. Comparing each filter with each would cost the square of their number; the tree visits only
 * filters that can match the same address.
 */
export class PatternTree<Value> {
  readonly #root = newNode<Value>();
  readonly #hidden: string | undefined;

  /** `hidden`: no leading wildcard matches a first level with this prefix. */
  constructor(hidden?: string) {
    this.#hidden = hidden;
  }

  /** A filter has no partly open levels. */
  add(filter: AddressPattern, value: Value): void {
    let node = this.#root;
    for (const level of filter) {
      if (level === LEVELS) node = node.rest ??= newNode();
      else if (typeof level !== 'string') node = node.one ??= newNode();
      else {
        const next = node.fixed.get(level) ?? newNode<Value>();
        node.fixed.set(level, next);
        node = next;
      }
    }
    node.values.push({ filter, value });
  }

  /** The values of all filters that match an address of this pattern, each once. */
  *meeting(pattern: AddressPattern): Generator<Value> {
    const seen = new Map<Node<Value>, Set<number>>();
    for (const { filter, value } of this.#walk(this.#root, pattern, 0, seen)) {
      if (!hides(filter, pattern, this.#hidden) && !hides(pattern, filter, this.#hidden)) yield value;
    }
  }

  *#walk(
    node: Node<Value>,
    pattern: AddressPattern,
    at: number,
    seen: Map<Node<Value>, Set<number>>,
  ): Generator<Node<Value>['values'][number]> {
    const places = seen.get(node) ?? new Set();
    if (places.has(at)) return;
    seen.set(node, places.add(at));
    const level = pattern[at];
    if (level === undefined) yield* node.values;
    if (node.rest !== undefined) {
      for (let next = at; next <= pattern.length; next += 1) yield* this.#walk(node.rest, pattern, next, seen);
    }
    if (level === undefined) return;
    // Any number of levels: none, or the level of the filter and more.
    const next = level === LEVELS ? at : at + 1;
    if (level === LEVELS) yield* this.#walk(node, pattern, at + 1, seen);
    if (node.one !== undefined) yield* this.#walk(node.one, pattern, next, seen);
    if (typeof level === 'string') {
      const child = node.fixed.get(level);
      if (child !== undefined) yield* this.#walk(child, pattern, next, seen);
      return;
    }
    for (const [text, child] of node.fixed) {
      if (level === LEVELS || fits(text, level)) yield* this.#walk(child, pattern, next, seen);
    }
  }
}

/** Whether both match a common address. `filter` has no partly open levels. */
export function meets(filter: AddressPattern, pattern: AddressPattern, hidden?: string): boolean {
  const tree = new PatternTree<true>(hidden);
  tree.add(filter, true);
  return tree.meeting(pattern).next().value === true;
}

/** For each filter the position of an earlier one that matches a common address. */
export function overlaps(filters: readonly AddressPattern[], hidden?: string): readonly (number | undefined)[] {
  const earlier = new PatternTree<number>(hidden);
  return filters.map((filter, at) => {
    const found = earlier.meeting(filter).next();
    earlier.add(filter, at);
    return found.done === true ? undefined : found.value;
  });
}
