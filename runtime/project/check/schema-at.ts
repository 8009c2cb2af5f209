import { isMap, own } from '#kit/json-value.ts';
import type { JsonSchema } from '../json-schema.ts';

function subschemas(schema: JsonSchema, keyword: string): readonly JsonSchema[] {
  const list = schema[keyword];
  return Array.isArray(list) ? list.filter(isMap) : [];
}

/** The schema itself, or the alternatives that it leaves open. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const branches = [...subschemas(schema, 'anyOf'), ...subschemas(schema, 'oneOf')];
  const typed = branches.filter((branch) => ['type', 'enum', 'const', 'anyOf', 'oneOf'].some((word) => word in branch));
  return typed.length === 0 ? [schema] : typed.flatMap(alternatives);
}

function beneath(schema: JsonSchema, key: string): readonly JsonSchema[] {
  return alternatives(schema).flatMap((option) => {
    const property = isMap(option['properties']) ? own(option['properties'], key) : undefined;
    if (isMap(property)) return [property];
    const items = option['items'];
    if (isMap(items) && /^\d+$/.test(key)) return [items];
    const others = option['additionalProperties'];
    return isMap(others) ? [others] : [];
  });
}

/** The alternatives for the value at `keys`; empty where there is no schema for it. */
export function schemasAt(schema: JsonSchema, keys: readonly string[]): readonly JsonSchema[] {
  let found: readonly JsonSchema[] = [schema];
  for (const key of keys) found = found.flatMap((option) => beneath(option, key));
  return found.flatMap(alternatives);
}

/** The types that a schema names. */
export function typesOf(schema: JsonSchema): readonly string[] {
  const type = schema['type'];
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((name) => typeof name === 'string');
  const values = Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : [];
  return [...new Set(values.map(kindOf))];
}

/** `string number boolean null array object`: a type of JSON Schema. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Whether a schema of these types takes a value of this kind. */
export function admits(schema: JsonSchema, value: unknown): boolean {
  const types = typesOf(schema);
  const kind = kindOf(value);
  if (types.length === 0 || types.includes(kind)) return true;
  return types.includes('integer') && Number.isInteger(value);
}
