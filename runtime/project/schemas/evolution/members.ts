import { isMap } from '#kit/json-value.ts';
import { allOf, type Conjunction, isInherited } from './conjunction.ts';
import { binds, itemClosings, matches, propertyClosings, tupleWord } from './closings.ts';
import { childOf, condition, keyword, type Place } from './place.ts';
import { namesOf, textsOf } from './sizes.ts';

/** What every value of the property fits, in an object that fits the places. */
export function property({ places }: Conjunction, name: string): Conjunction {
  const found: Place[] = [];
  for (const place of places) {
    const named = isInherited(name) ? undefined : childOf(place, 'properties', name);
    if (named !== undefined && hasOwn(place, 'properties', name)) found.push(named);
    for (const pattern of namesOf([place], 'patternProperties')) {
      if (matches(pattern, name)) push(found, childOf(place, 'patternProperties', pattern));
    }
    for (const closing of propertyClosings(place))
      if (!closing.isVague && binds(closing, name)) found.push(closing.then);
  }
  return allOf(found);
}

/** What every value of a property fits whose name no schema has, and that exactly these patterns match. */
export function otherProperty({ places }: Conjunction, matched: ReadonlySet<string>): Conjunction {
  const found: Place[] = [];
  for (const place of places) {
    for (const pattern of namesOf([place], 'patternProperties'))
      if (matched.has(pattern)) push(found, childOf(place, 'patternProperties', pattern));
    for (const { isVague, patterns, then } of propertyClosings(place))
      if (!isVague && ![...patterns].some((pattern) => matched.has(pattern))) found.push(then);
  }
  return allOf(found);
}

/** What every name of a property fits. */
export function nameOf({ places }: Conjunction): Conjunction {
  const names = places.flatMap((place) => childOf(place, 'propertyNames') ?? []);
  return allOf([condition({ type: 'string' }), ...names]);
}

/** What every item at the index fits, in an array that fits the places. */
export function item({ places }: Conjunction, index: number): Conjunction {
  const found: Place[] = [];
  for (const place of places) {
    const tuple = tupleWord(place);
    if (tuple !== undefined) push(found, childOf(place, tuple, index));
    for (const { isVague, from, then } of itemClosings(place)) if (!isVague && index >= from) found.push(then);
  }
  return allOf(found);
}

/** The patterns that decide about properties whose names no schema has. */
export function namePatterns(places: readonly Place[]): readonly string[] {
  const names = places.flatMap((place) => childOf(place, 'propertyNames') ?? []);
  const closed = places.flatMap((place) => propertyClosings(place).flatMap(({ patterns }) => [...patterns]));
  return [...new Set([...namesOf(places, 'patternProperties'), ...closed, ...textsOf(allOf(names).places, 'pattern')])];
}

function push(found: Place[], place: Place | undefined): void {
  if (place !== undefined) found.push(place);
}

function hasOwn(place: Place, word: string, name: string): boolean {
  const held = keyword(place, word);
  return isMap(held) && Object.hasOwn(held, name);
}
