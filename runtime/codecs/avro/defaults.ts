import { isMap, own } from '#kit/json-value.ts';
import type { AvroField, AvroType } from './types.ts';

/** The value of a default as bodies have it, or what the schema should have written. */
export type Default = { readonly value: unknown } | { readonly expected: string };

/**
 * A default of a schema as a body: bytes are written as texts of their code points there. `within`: the fields whose defaults it is part
 * of, because the default of a record may need those of its fields, and a field may be of the record itself.
 */
export function defaultOf(type: AvroType, json: unknown, within: readonly AvroField[] = []): Default {
  const inner = (of: AvroType, value: unknown): Default => defaultOf(of, value, within);
  switch (type.kind) {
    case 'null':
      return json === null ? { value: null } : { expected: 'null' };
    case 'boolean':
      return typeof json === 'boolean' ? { value: json } : { expected: 'boolean' };
    case 'int':
    case 'long':
      return Number.isSafeInteger(json) ? { value: json } : { expected: type.kind };
    case 'float':
    case 'double':
      return typeof json === 'number' ? { value: json } : { expected: type.kind };
    case 'string':
      return typeof json === 'string' ? { value: json } : { expected: 'string' };
    case 'bytes':
    case 'fixed': {
      const isBytes = typeof json === 'string' && /^[\u0000-\u00ff]*$/.test(json);
      if (!isBytes || (type.kind === 'fixed' && json.length !== type.size)) return { expected: type.kind };
      return { value: new Uint8Array(Buffer.from(json, 'latin1')) };
    }
    case 'enum':
      return typeof json === 'string' && type.symbols.includes(json) ? { value: json } : { expected: 'a symbol' };
    case 'array':
      return Array.isArray(json) ? allOf(json.map((item) => inner(type.items, item))) : { expected: 'array' };
    case 'map': {
      if (!isMap(json)) return { expected: 'map' };
      return named(Object.entries(json).map(([name, value]) => [name, inner(type.values, value)]));
    }
    case 'union': {
      const fitting = type.branches.map((branch) => inner(branch, json)).find((made) => 'value' in made);
      return fitting ?? { expected: 'a type of the union' };
    }
    case 'record': {
      if (!isMap(json)) return { expected: 'record' };
      return named(
        type.fields.map((field) => {
          const given = own(json, field.name);
          return [field.name, given === undefined ? ownDefault(field, within) : inner(field.type, given)];
        }),
      );
    }
  }
}

function ownDefault(field: AvroField, within: readonly AvroField[]): Default {
  if (within.includes(field)) return { expected: 'a value that does not contain itself' };
  return defaultOf(field.type, field.byDefault, [...within, field]);
}

function allOf(made: readonly Default[]): Default {
  const flaw = made.find((one) => 'expected' in one);
  return flaw ?? { value: made.map((one) => ('value' in one ? one.value : undefined)) };
}

function named(made: readonly (readonly [string, Default])[]): Default {
  const flaw = made.find(([, one]) => 'expected' in one)?.[1];
  return (
    flaw ?? { value: Object.fromEntries(made.map(([name, one]) => [name, 'value' in one ? one.value : undefined])) }
  );
}
