import { branchesOf, type Conjunction, fits, meet, requiredNames } from './conjunction.ts';
import { item, nameOf, property } from './members.ts';
import { fewIntegers, isEmptyRange, rangeOf } from './numbers.ts';
import { condition, childOf, judge, keyword, type Place } from './place.ts';
import { isSame } from './same.ts';
import { namesOf, sizeOf, tupleLength } from './sizes.ts';
import { propertyClosings } from './closings.ts';
import { isNumeric, type Type, typeNames, typesOf, valuesOf } from './types.ts';

const MOST_VALUES = 256;
const DEEPEST = 24;

/** The conjunctions on the way to the one that is looked at, and how many more may be. */
interface Walk {
  readonly keys: readonly string[];
  readonly budget: { left: number };
}

function newWalk(): Walk {
  return { keys: [], budget: { left: 2000 } };
}

/** All values that can fit, if they are few: each that the validator accepts, or cannot judge. */
export function fewValues(all: Conjunction): readonly unknown[] | undefined {
  const { places } = all;
  const listed = places.map(valuesOf).find((values) => values !== undefined) ?? smallType(all);
  return listed === undefined || listed.length > MOST_VALUES
    ? undefined
    : listed.filter((value) => fits(all, value) !== false);
}

function smallType({ places }: Conjunction): readonly unknown[] | undefined {
  const types = typesOf(places);
  const values: unknown[] = [];
  for (const type of types) {
    if (type === 'null') values.push(null);
    else if (type === 'boolean') values.push(true, false);
    else if (type === 'integer' && !types.has('fraction')) {
      const few = fewIntegers(places, MOST_VALUES);
      if (few === undefined) return undefined;
      values.push(...few);
    } else if (type === 'string' && sizeOf(places, 'minLength', 'maxLength').most === 0) values.push('');
    else if (type === 'array' && sizeOf(places, 'minItems', 'maxItems').most === 0) values.push([]);
    else if (type === 'object' && sizeOf(places, 'minProperties', 'maxProperties').most === 0) values.push({});
    else return undefined;
  }
  return values;
}

/** Whether no document is known to fit. False where it is not known: a pattern and a length may exclude each other. */
export function isEmpty(all: Conjunction): boolean {
  return judgeEmpty(all, newWalk());
}

function judgeEmpty(all: Conjunction, walk: Walk): boolean {
  const { places, key } = all;
  if (places.length === 0) return false;
  // A schema within itself may hold a document that ends: not known to be empty.
  if (walk.keys.includes(key) || walk.keys.length > DEEPEST) return false;
  walk.budget.left -= 1;
  if (walk.budget.left < 0) return false;
  const within: Walk = { keys: [...walk.keys, key], budget: walk.budget };
  if (places.some(({ schema }) => schema === false)) return true;
  const types = typesOf(places);
  if (types.size === 0 || excludesItself(places)) return true;
  const few = fewValues(all);
  if (few !== undefined) return few.length === 0;
  if (hasNoBranch(all, within)) return true;
  return [...types].every((type) =>
    types.size > 1 ? judgeEmptyOf(all, type, within) : isTypeEmpty(all, type, within),
  );
}

function judgeEmptyOf(all: Conjunction, type: Type, walk: Walk): boolean {
  if (type === 'fraction') return isTypeEmpty(all, type, walk);
  return judgeEmpty(meet(all, condition({ type: typeNames([type])[0] })), walk);
}

/** Something fits and does not fit the same place. */
function excludesItself(places: readonly Place[]): boolean {
  const refuted = places.flatMap((place) => place.refuted ?? childOf(place, 'not') ?? []);
  return refuted.some((place) => place.schema === true || places.some((other) => isSame(other, place)));
}

function hasNoBranch(all: Conjunction, walk: Walk): boolean {
  return all.places.some((place) =>
    ['anyOf', 'oneOf'].some((word) => {
      const branches = branchesOf(place, word);
      return branches.length > 1 && branches.every((branch) => judgeEmpty(meet(all, branch), walk));
    }),
  );
}

function isTypeEmpty(all: Conjunction, type: Type, walk: Walk): boolean {
  const { places } = all;
  if (isNumeric(type)) {
    const range = rangeOf(places);
    return isEmptyRange(range) || (type === 'fraction' && range.isIntegers);
  }
  if (type === 'string') {
    const { least: fewest, most } = sizeOf(places, 'minLength', 'maxLength');
    return fewest > most;
  }
  if (type === 'array') return least(places, 'minItems') > mostItems(all, walk);
  if (type === 'object') return isObjectEmpty(all, walk);
  return false;
}

function least(places: readonly Place[], word: string): number {
  return sizeOf(places, word, '').least;
}

/** The greatest number of items: an item that nothing fits ends the array. */
export function mostItems(all: Conjunction, walk: Walk = newWalk()): number {
  const { most } = sizeOf(all.places, 'minItems', 'maxItems');
  const length = tupleLength(all.places);
  for (let index = 0; index <= length && index < most; index += 1) {
    if (judgeEmpty(item(all, index), walk)) return index;
  }
  return most;
}

function isObjectEmpty(all: Conjunction, walk: Walk): boolean {
  const { places } = all;
  const required = requiredNames(places);
  const { least: few, most: many } = sizeOf(places, 'minProperties', 'maxProperties');
  if (few > many || required.size > many || few > mostProperties(all, walk)) return true;
  return [...required].some((name) => isNever(all, name, walk));
}

/** Whether no object that fits has the property. */
export function isNever(all: Conjunction, name: string, walk: Walk = newWalk()): boolean {
  if (nameOf(all).roots.some((place) => judge(place, name) === false)) return true;
  return judgeEmpty(property(all, name), walk);
}

/** The greatest number of properties: those with a name, where all others are refused. */
export function mostProperties({ places }: Conjunction, walk: Walk = newWalk()): number {
  const { most } = sizeOf(places, 'minProperties', 'maxProperties');
  const closed = places
    .flatMap(propertyClosings)
    .filter(({ isVague, patterns, then }) => !isVague && patterns.size === 0 && isRefusing(then, walk))
    .map(({ names }) => names.size);
  return Math.min(most, ...closed);
}

function isRefusing(place: Place, walk: Walk): boolean {
  return place.schema === false || (keyword(place, 'not') !== undefined && judgeEmpty(meet(EVERYTHING, place), walk));
}

const EVERYTHING: Conjunction = { roots: [], places: [], key: '' };

/** The names of the places that a comparison has to look at one by one. */
export function knownNames(places: readonly Place[]): readonly string[] {
  const closed = places.flatMap(propertyClosings).flatMap(({ names }) => [...names]);
  return [...new Set([...namesOf(places, 'properties'), ...closed, ...requiredNames(places)])];
}
