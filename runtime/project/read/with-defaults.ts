import { isMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import type { JsonSchema } from '../json-schema.ts';

/** The value with every default that its schema names put where the value says nothing. Maps that are not there stay away. */
function withDefaults(value: unknown, schema: JsonSchema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isMap(items) ? value.map((item) => withDefaults(item, items)) : value;
  }
  return isMap(value) ? mapWithDefaults(value, schema) : value;
}

export function mapWithDefaults(value: PlainMap, schema: JsonSchema): PlainMap {
  const { properties } = schema;
  if (!isMap(properties)) return value;
  const filled: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    if (!isMap(property)) continue;
    const given = own(value, name);
    if (given !== undefined) filled[name] = withDefaults(given, property);
    else if ('default' in property) filled[name] = structuredClone(property['default']);
  }
  return filled;
}
