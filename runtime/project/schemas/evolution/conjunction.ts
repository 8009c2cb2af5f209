import { isDeepStrictEqual } from 'node:util';
import { asList, isMap } from '#kit/json-value.ts';
import { childOf, condition, judge, keyword, type Place } from './place.ts';
import { isSame } from './same.ts';

/** The documents that fit all of some places. */
export interface Conjunction {
  /** What judges a document. */
  readonly roots: readonly Place[];
  /** The roots with what they imply for each document that fits: `$ref`, `allOf`, and the branches that are known to hold. */
  readonly places: readonly Place[];
  readonly key: string;
}

/** More than this is a chain of references without an end. */
export const MOST_PLACES = 2000;

/**
 * All of the places. What is not followed (a reference that only the validator resolves) is left out, so that `places` may
 * accept more than `roots`, never less.
 */
export function allOf(given: readonly Place[]): Conjunction {
  const roots = [...new Map(given.map((place) => [place.key, place])).values()].filter(
    ({ schema, refuted }) => schema !== true || refuted !== undefined,
  );
  const places = new Map<string, Place>();
  const queue = [...roots];
  for (let place = queue.shift(); place !== undefined && places.size < MOST_PLACES; place = queue.shift()) {
    if (places.has(place.key)) continue;
    places.set(place.key, place);
    queue.push(...impliedBy(place));
    if (queue.length === 0) queue.push(...implied([...places.values()]).filter(({ key }) => !places.has(key)));
  }
  const key = roots
    .map((place) => place.key)
    .toSorted()
    .join(' & ');
  return { roots, places: [...places.values()], key };
}

export function meet({ roots }: Conjunction, ...more: readonly Place[]): Conjunction {
  return allOf([...roots, ...more]);
}

/** Whether the document fits; undefined where the validator itself fails. */
export function fits({ roots }: Conjunction, document: unknown): boolean | undefined {
  let isKnown = true;
  for (const place of roots) {
    const one = judge(place, document);
    if (one === false) return false;
    if (one === undefined) isKnown = false;
  }
  return isKnown ? true : undefined;
}

/** What each document of the place fits too. */
export function impliedBy(place: Place): readonly Place[] {
  const reference = keyword(place, '$ref');
  const target = typeof reference === 'string' ? place.side?.target(place, reference) : undefined;
  const all = branchesOf(place, 'allOf');
  const only = ['anyOf', 'oneOf'].flatMap((name) => {
    const branches = branchesOf(place, name);
    return branches.length === 1 ? branches : [];
  });
  return [...(target === undefined ? [] : [target]), ...all, ...only];
}

export function branchesOf(place: Place, name: string): readonly Place[] {
  return asList(keyword(place, name)).flatMap((_, index) => childOf(place, name, index) ?? []);
}

/** What follows of several places together: `then`, `else`, and the schemas that depend on a required property. */
function implied(places: readonly Place[]): readonly Place[] {
  const refuted = places.flatMap((place) => place.refuted ?? []);
  // They bind objects alone.
  const names = places.some(isOfObjects) ? requiredNames(places) : [];
  return places.flatMap((place) => {
    const more: (Place | undefined)[] = [];
    const test = childOf(place, 'if');
    if (test !== undefined) {
      if (test.schema === true || places.some((other) => isSame(other, test))) more.push(childOf(place, 'then'));
      if (test.schema === false || refuted.some((other) => isSame(other, test))) more.push(childOf(place, 'else'));
    }
    for (const name of names) {
      more.push(...dependentOn(place, name));
    }
    return more.flatMap((one) => one ?? []);
  });
}

function isOfObjects(place: Place): boolean {
  return isDeepStrictEqual([keyword(place, 'type')].flat(), ['object']) && keyword(place, 'nullable') !== true;
}

/** The dependent names and schemas of a property, as places. */
function dependentOn(place: Place, name: string): readonly Place[] {
  const found: Place[] = [];
  for (const word of ['dependentSchemas', 'dependentRequired', 'dependencies']) {
    const held = keyword(place, word);
    if (!isMap(held) || !Object.hasOwn(held, name)) continue;
    const needed = held[name];
    const schema = childOf(place, word, name);
    if (Array.isArray(needed)) found.push(condition({ required: needed.filter((one) => !isInherited(one)) }));
    else if (schema !== undefined) found.push(schema);
  }
  return found;
}

/** The names that every document of the places has, if it is an object. */
export function requiredNames(places: readonly Place[]): ReadonlySet<string> {
  const names = places.flatMap((place) => asList(keyword(place, 'required')));
  return new Set(names.filter((name) => typeof name === 'string' && !isInherited(name)).map(String));
}

/** The validator takes these for properties of every object. */
export function isInherited(name: unknown): boolean {
  return typeof name === 'string' && name in Object.prototype;
}
