import { asList, asMap, type PlainMap } from '#kit/json-value.ts';
import { sampleText } from './sample-text.ts';

/** The target of a `$ref`; undefined if there is none. */
export type Resolve = (reference: string) => unknown;

/** References may go round in circles: below this nothing more is made. */
const DEEPEST = 12;
const MOST_ITEMS = 100;

/**
 * A value that a JSON Schema takes, made of its keywords: all that is required, and nothing else. Keywords that relate
 * values to one another are not followed, so the caller validates the value.
 */
export function sampleOf(schema: unknown, resolve: Resolve, depth = 0): unknown {
  if (depth > DEEPEST) return {};
  const whole = flattened(schema, resolve, depth);
  const { const: fixed, enum: choices, examples, default: standard } = whole;
  if (fixed !== undefined) return fixed;
  if (Array.isArray(choices) && choices.length > 0) return choices[0];
  if (Array.isArray(examples) && examples.length > 0) return examples[0];
  if (standard !== undefined) return standard;
  switch (typeOf(whole)) {
    case 'string':
      return sampleText(whole);
    case 'integer':
    case 'number':
      return sampleNumber(whole);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return sampleList(whole, resolve, depth);
    default:
      return sampleMap(whole, resolve, depth);
  }
}

/** With the target of its `$ref`, all of `allOf`, and the first of `anyOf` or `oneOf`, as one map of keywords. */
function flattened(schema: unknown, resolve: Resolve, depth: number): PlainMap {
  const { $ref, allOf, anyOf, oneOf, ...own } = asMap(schema);
  if (depth > DEEPEST) return own;
  const parts = [
    ...(typeof $ref === 'string' ? [resolve($ref)] : []),
    ...asList(allOf),
    ...asList(anyOf).slice(0, 1),
    ...asList(oneOf).slice(0, 1),
  ];
  return [...parts.map((part) => flattened(part, resolve, depth + 1)), own].reduce(merged, {});
}

function merged(one: PlainMap, other: PlainMap): PlainMap {
  const required = [...asList(one['required']), ...asList(other['required'])];
  const properties = { ...asMap(one['properties']), ...asMap(other['properties']) };
  return { ...one, ...other, required, properties };
}

function typeOf({ type, ...keywords }: PlainMap): string {
  const named: unknown = Array.isArray(type) ? type[0] : type;
  if (typeof named === 'string') return named;
  if ('items' in keywords || 'prefixItems' in keywords) return 'array';
  if ('pattern' in keywords || 'minLength' in keywords || 'format' in keywords) return 'string';
  return 'minimum' in keywords || 'maximum' in keywords || 'multipleOf' in keywords ? 'number' : 'object';
}

function sampleNumber({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: PlainMap): number {
  const step = typeof multipleOf === 'number' ? multipleOf : type === 'integer' ? 1 : 0.5;
  const least = Math.max(numberOr(minimum, -Infinity), numberOr(exclusiveMinimum, -Infinity));
  const most = Math.min(numberOr(maximum, Infinity), numberOr(exclusiveMaximum, Infinity));
  if (least <= 0 && most >= 0 && exclusiveMinimum !== 0 && exclusiveMaximum !== 0) return 0;
  const first = least === -Infinity ? Math.floor(most / step) * step : Math.ceil(least / step) * step;
  if (first === exclusiveMinimum) return first + step;
  return first === exclusiveMaximum ? first - step : first;
}

function sampleList({ prefixItems, items, minItems }: PlainMap, resolve: Resolve, depth: number): unknown[] {
  const fixed = Array.isArray(prefixItems) ? prefixItems : asList(items);
  const count = Math.min(Math.max(numberOr(minItems, 0), fixed.length), MOST_ITEMS);
  return Array.from({ length: count }, (_, at) => sampleOf(fixed[at] ?? items, resolve, depth + 1));
}

function sampleMap({ required, properties }: PlainMap, resolve: Resolve, depth: number): PlainMap {
  const schemas = asMap(properties);
  const names = asList(required).filter((name) => typeof name === 'string');
  return Object.fromEntries(names.map((name) => [name, sampleOf(schemas[name], resolve, depth + 1)]));
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
