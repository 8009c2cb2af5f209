import { isMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import type { JsonSchema } from '../json-schema.ts';

/** The value with the defaults of its schema filled in. A map that the value lacks is not created. */
function filledValue(value: unknown, schema: JsonSchema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isMap(items) ? value.map((item) => filledValue(item, items)) : value;
  }
  return isMap(value) ? fillDefaults(value, schema) : value;
}

export function fillDefaults(value: PlainMap, schema: JsonSchema): PlainMap {
  const { properties } = schema;
  if (!isMap(properties)) return value;
  const filled: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    if (!isMap(property)) continue;
    const given = own(value, name);
    if (given !== undefined) filled[name] = filledValue(given, property);
    else if ('default' in property) filled[name] = structuredClone(property['default']);
  }
  return filled;
}
