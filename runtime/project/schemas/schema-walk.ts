import { isMap, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';

/** Keywords of draft-07 and 2020-12 whose value is a schema, a list of them, or a map of them. */
const ONE = new Set(
  'items additionalItems contains additionalProperties propertyNames not if then else unevaluatedItems unevaluatedProperties contentSchema'.split(
    ' ',
  ),
);
const LIST = new Set('allOf anyOf oneOf prefixItems items'.split(' '));
const MAP = new Set('properties patternProperties $defs definitions dependentSchemas dependencies'.split(' '));

/** Every schema object of a document with its JSON pointer, the outer ones first. Values of enum, const or default are none. */
export function* schemasIn(value: unknown, at = ''): Generator<readonly [at: string, schema: PlainMap]> {
  if (!isMap(value)) return;
  yield [at, value];
  for (const [keyword, held] of Object.entries(value)) {
    const inner = pointerTo(at, keyword);
    if (Array.isArray(held)) {
      if (LIST.has(keyword)) for (const [index, one] of held.entries()) yield* schemasIn(one, pointerTo(inner, index));
    } else if (ONE.has(keyword)) yield* schemasIn(held, inner);
    else if (MAP.has(keyword) && isMap(held)) {
      for (const [name, one] of Object.entries(held)) yield* schemasIn(one, pointerTo(inner, name));
    }
  }
}
