import { isDeepStrictEqual } from 'node:util';
import { asList, asMap, isMap, type PlainMap } from '../../../runtime/kit/json-value.ts';
import type { Schema } from './random-schemas.ts';

/** What a schema says of a value: whether it fits, and which of its members the schema describes. */
interface Result {
  fits: boolean;
  readonly members: Set<string>;
}

/**
 * Whether the document fits, by the text of the specification: every keyword but `format`, without any step that makes it fast.
 * `toString` and the like are names as any other. Undefined where the schema refers to itself without an end.
 */
export function fitsSpecification(schema: PlainMap, document: unknown): boolean | undefined {
  const isSeventh = String(schema['$schema']).includes('draft-07');
  try {
    return new Reading(schema, isSeventh).result(schema, document).fits;
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

class Reading {
  readonly #whole: PlainMap;
  readonly #isSeventh: boolean;

  constructor(whole: PlainMap, isSeventh: boolean) {
    this.#whole = whole;
    this.#isSeventh = isSeventh;
  }

  result(schema: unknown, value: unknown): Result {
    const result: Result = { fits: true, members: new Set() };
    if (!isMap(schema)) return { ...result, fits: schema !== false };
    this.#value(schema, value, result);
    if (Array.isArray(value)) this.#list(schema, value, result);
    else if (isMap(value)) this.#object(schema, value, result);
    if (!result.fits) result.members.clear();
    return result;
  }

  #fits(schema: unknown, value: unknown): boolean {
    return this.result(schema, value).fits;
  }

  /** A schema for the value itself: what it describes is described, if it fits. */
  #beside(schema: unknown, value: unknown, result: Result): boolean {
    const { fits, members } = this.result(schema, value);
    for (const member of members) result.members.add(member);
    return fits;
  }

  #value(schema: PlainMap, value: unknown, result: Result): void {
    const beside = (one: unknown): boolean => this.#beside(one, value, result);
    const demand = (isSo: boolean): void => {
      if (!isSo) result.fits = false;
    };
    const { $ref, type, allOf, anyOf, oneOf, not } = schema;
    if (typeof $ref === 'string') demand(beside(this.#target($ref)));
    if (type !== undefined)
      demand([type].flat().some((one) => isOfType(one, value)) || (schema['nullable'] === true && value === null));
    if (Object.hasOwn(schema, 'const')) demand(isDeepStrictEqual(schema['const'], value));
    if (schema['enum'] !== undefined) demand(asList(schema['enum']).some((one) => isDeepStrictEqual(one, value)));
    if (allOf !== undefined) demand(asList(allOf).map(beside).every(Boolean));
    if (anyOf !== undefined) demand(asList(anyOf).map(beside).some(Boolean));
    if (oneOf !== undefined) demand(asList(oneOf).map(beside).filter(Boolean).length === 1);
    if (not !== undefined) demand(!this.#fits(not, value));
    if (schema['if'] !== undefined) {
      const branch = schema[beside(schema['if']) ? ['th', 'en'].join('') : 'else'];
      if (branch !== undefined) demand(beside(branch));
    }
    if (typeof value === 'number') demand(isWithin(schema, value));
    if (typeof value === 'string') {
      const { length } = Array.from(value);
      demand(length >= numberOr(schema['minLength'], 0) && length <= numberOr(schema['maxLength'], Infinity));
      if (typeof schema['pattern'] === 'string') demand(new RegExp(schema['pattern'], 'u').test(value));
    }
  }

  #target(reference: string): unknown {
    const steps = reference.slice(2).split('/');
    return reference === '#' ? this.#whole : steps.reduce<unknown>((held, step) => asMap(held)[step], this.#whole);
  }

  #list(schema: PlainMap, list: readonly unknown[], result: Result): void {
    const { items, contains } = schema;
    const tuple = this.#isSeventh ? (Array.isArray(items) ? items : []) : asList(schema['prefixItems']);
    const rest = this.#isSeventh && Array.isArray(items) ? schema['additionalItems'] : items;
    const demand = (isSo: boolean): void => {
      if (!isSo) result.fits = false;
    };
    demand(list.length >= numberOr(schema['minItems'], 0) && list.length <= numberOr(schema['maxItems'], Infinity));
    if (schema['uniqueItems'] === true)
      demand(!list.some((item, index) => list.slice(0, index).some((other) => isDeepStrictEqual(item, other))));
    for (const [index, item] of list.entries()) {
      const own: unknown = index < tuple.length ? tuple[index] : rest;
      if (own === undefined) continue;
      demand(this.#fits(own, item));
      result.members.add(String(index));
    }
    if (contains !== undefined) {
      const found = [...list.keys()].filter((index) => this.#fits(contains, list[index]));
      for (const index of found) result.members.add(String(index));
      const most = numberOr(schema['maxContains'], Infinity);
      demand(found.length >= numberOr(schema['minContains'], 1) && found.length <= most);
    }
    const others = schema['unevaluatedItems'];
    if (others === undefined) return;
    for (const [index, item] of list.entries()) {
      if (!result.members.has(String(index))) demand(this.#fits(others, item));
      result.members.add(String(index));
    }
  }

  #object(schema: PlainMap, value: PlainMap, result: Result): void {
    const names = Object.keys(value);
    const has = (name: unknown): boolean => Object.hasOwn(value, String(name));
    const demand = (isSo: boolean): void => {
      if (!isSo) result.fits = false;
    };
    const { additionalProperties, propertyNames, unevaluatedProperties } = schema;
    demand(names.length >= numberOr(schema['minProperties'], 0));
    demand(names.length <= numberOr(schema['maxProperties'], Infinity));
    demand(asList(schema['required']).every(has));
    if (propertyNames !== undefined) demand(names.every((name) => this.#fits(propertyNames, name)));
    for (const word of ['dependentRequired', 'dependentSchemas', 'dependencies']) {
      for (const [name, needed] of Object.entries(asMap(schema[word])))
        if (has(name)) demand(Array.isArray(needed) ? needed.every(has) : this.#beside(needed, value, result));
    }
    const own = asMap(schema['properties']);
    for (const name of names) {
      const patterns = Object.entries(asMap(schema['patternProperties']));
      const found: unknown[] = patterns.filter(([text]) => new RegExp(text, 'u').test(name)).map(([, held]) => held);
      if (Object.hasOwn(own, name)) found.push(own[name]);
      if (found.length === 0 && additionalProperties !== undefined) found.push(additionalProperties);
      demand(found.every((one) => this.#fits(one, value[name])));
      if (found.length > 0) result.members.add(name);
    }
    if (unevaluatedProperties === undefined) return;
    for (const name of names) {
      if (!result.members.has(name)) demand(this.#fits(unevaluatedProperties, value[name]));
      result.members.add(name);
    }
  }
}

function isOfType(type: unknown, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  return type === 'object' ? isMap(value) : typeof value === type;
}

function isWithin(schema: PlainMap, value: number): boolean {
  const { multipleOf } = schema;
  // As doubles are divided.
  const isMultiple = typeof multipleOf !== 'number' || value / multipleOf === Number.parseInt(`${value / multipleOf}`);
  return (
    isMultiple &&
    value >= numberOr(schema['minimum'], -Infinity) &&
    value <= numberOr(schema['maximum'], Infinity) &&
    value > numberOr(schema['exclusiveMinimum'], -Infinity) &&
    value < numberOr(schema['exclusiveMaximum'], Infinity)
  );
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

/** A schema whose keywords the specification alone decides. */
export function isOfSpecification(schema: Schema): boolean {
  return !/"format"|"toString"/.test(JSON.stringify(schema));
}
