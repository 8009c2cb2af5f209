import { asList } from '#kit/json-value.ts';
import { keyword, type Place } from './place.ts';

/** What JSON Schema tells apart; `fraction` is a number that is no integer. */
export type Type = 'null' | 'boolean' | 'integer' | 'fraction' | 'string' | 'array' | 'object';

export const TYPES: readonly Type[] = ['null', 'boolean', 'integer', 'fraction', 'string', 'array', 'object'];

/** The types that all of the places allow: by `type`, and by listed values unless they are left out. */
export function typesOf(places: readonly Place[], isByValues = true): ReadonlySet<Type> {
  let types: readonly Type[] = TYPES;
  for (const place of places) {
    const allowed = allowedBy(place, isByValues);
    types = types.filter((type) => allowed.has(type));
  }
  return new Set(types);
}

function allowedBy(place: Place, isByValues: boolean): ReadonlySet<Type> {
  if (place.schema === false && isByValues) return new Set();
  const named = keyword(place, 'type');
  const allowed = new Set(named === undefined ? TYPES : namedTypes([named].flat()));
  // A word of the validator.
  if (named !== undefined && keyword(place, 'nullable') === true) allowed.add('null');
  const values = isByValues ? valuesOf(place) : undefined;
  if (values === undefined) return allowed;
  const present = new Set(values.map(typeOf));
  return new Set([...allowed].filter((type) => present.has(type)));
}

function namedTypes(names: readonly unknown[]): readonly Type[] {
  return TYPES.filter((type) => names.includes(type) || (names.includes('number') && isNumeric(type)));
}

export function isNumeric(type: Type): boolean {
  return type === 'integer' || type === 'fraction';
}

export function typeOf(value: unknown): Type {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'string' ? 'string' : 'object';
}

/** The values of `enum` or `const`, of which each document is one. */
export function valuesOf(place: Place): readonly unknown[] | undefined {
  const only = keyword(place, 'const');
  if (only !== undefined) return [only];
  const values = keyword(place, 'enum');
  return values === undefined ? undefined : asList(values);
}

/** The words of `type`, for a set of types. */
export function typeNames(types: Iterable<Type>): readonly string[] {
  const names = new Set<string>(types);
  if (!names.delete('fraction')) return [...names];
  names.delete('integer');
  return [...names, 'number'];
}
