import { isDeepStrictEqual } from 'node:util';
import { isMap } from '#kit/json-value.ts';
import { childOf, isSeventh, keyword, type Place } from './place.ts';

/** Keywords that accept every document. */
export const ANNOTATIONS: ReadonlySet<string> = new Set(
  '$schema $id $anchor $comment $defs $vocabulary definitions title description default deprecated readOnly writeOnly examples contentMediaType contentEncoding contentSchema'.split(
    ' ',
  ),
);

/** What they mean depends on the way that led to them. */
export const DYNAMIC: ReadonlySet<string> = new Set(
  '$dynamicRef $dynamicAnchor $recursiveRef $recursiveAnchor'.split(' '),
);

const SETS: ReadonlySet<string> = new Set(['required', 'type', 'enum']);
const MAPS: ReadonlySet<string> = new Set('properties patternProperties dependentSchemas dependencies'.split(' '));
const ONE: ReadonlySet<string> = new Set(
  'items additionalItems contains additionalProperties propertyNames not if then else unevaluatedItems unevaluatedProperties'.split(
    ' ',
  ),
);
const LISTS: ReadonlySet<string> = new Set('allOf anyOf oneOf prefixItems items'.split(' '));

/** Whether the two places say the same, annotations aside. False does not mean that they differ in what they accept. */
export function isSame(one: Place, other: Place): boolean {
  return compare(one, other, new Set());
}

function compare(one: Place, other: Place, assumed: Set<string>): boolean {
  if (one.refuted !== undefined || other.refuted !== undefined) return one.key === other.key;
  if (one.key === other.key) return true;
  if (typeof one.schema === 'boolean' || typeof other.schema === 'boolean') return one.schema === other.schema;
  if (isSeventh(one) !== isSeventh(other)) return false;
  const pair = `${one.key} = ${other.key}`;
  // A pair within itself is equal where all else is.
  if (assumed.has(pair)) return true;
  assumed.add(pair);
  const words = keywordsOf(one);
  if (words.join(' ') !== keywordsOf(other).join(' ')) return false;
  return words.every((word) => isSameKeyword(word, one, other, assumed));
}

function keywordsOf({ schema }: Place): readonly string[] {
  return Object.keys(schema)
    .filter((word) => !ANNOTATIONS.has(word))
    .toSorted();
}

function isSameKeyword(word: string, one: Place, other: Place, assumed: Set<string>): boolean {
  if (DYNAMIC.has(word)) return false;
  const [held, otherHeld] = [keyword(one, word), keyword(other, word)];
  const inner = (...keys: readonly (string | number)[]): boolean => {
    const [left, right] = [childOf(one, word, ...keys), childOf(other, word, ...keys)];
    return left !== undefined && right !== undefined && compare(left, right, assumed);
  };
  if (word === '$ref') {
    const [left, right] = [one.side?.target(one, String(held)), other.side?.target(other, String(otherHeld))];
    return left !== undefined && right !== undefined && compare(left, right, assumed);
  }
  if (Array.isArray(held) && Array.isArray(otherHeld)) {
    if (held.length !== otherHeld.length) return false;
    if (LISTS.has(word)) return held.every((_, index) => inner(index));
    if (SETS.has(word)) return held.every((item) => otherHeld.some((twin) => isDeepStrictEqual(item, twin)));
  }
  if (ONE.has(word)) return inner();
  if (MAPS.has(word) && isMap(held) && isMap(otherHeld)) {
    const names = Object.keys(held);
    if (names.length !== Object.keys(otherHeld).length) return false;
    return names.every((name) => {
      if (!Object.hasOwn(otherHeld, name)) return false;
      const [left, right] = [held[name], otherHeld[name]];
      return Array.isArray(left) || Array.isArray(right) ? isDeepStrictEqual(left, right) : inner(name);
    });
  }
  return isDeepStrictEqual(held, otherHeld);
}
