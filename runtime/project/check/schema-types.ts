import { asMap, isMap, own, type PlainMap, under } from '#kit/json-value.ts';
import { pointerKeys } from '#kit/pointer.ts';
import type { BodyType } from '../../expressions/body-type.ts';
import type { KnownBody } from './expression-sites.ts';

/** The content of a schema file, by the name of the file or by `$id`; undefined where there is none. */
export type SchemaOf = (name: string) => unknown;

/** A schema, and the file in which its references are resolved. */
interface Part {
  readonly schema: unknown;
  readonly root: unknown;
}

/** More maps than this are not told apart: a body of `dyn` refuses nothing. */
const MOST_MAPS = 500;
const DEEPEST = 20;

/** Reads CEL types from a schema. What it does not know is `dyn`, of which everything is allowed. */
class Types {
  readonly maps: { readonly name: string; readonly fields: Record<string, string>; readonly isOpen: boolean }[] = [];
  readonly names = new Set<string>();
  readonly #known = new Map<unknown, string>();
  readonly #open = new Set<unknown>();
  readonly #schemaOf: SchemaOf;

  constructor(schemaOf: SchemaOf) {
    this.#schemaOf = schemaOf;
  }

  of(part: Part, depth = 0): string {
    const found = this.resolved(part);
    const { schema } = found;
    if (!isMap(schema) || depth > DEEPEST || this.#open.has(schema)) return 'dyn';
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    this.#open.add(schema);
    const type = this.#made(found, schema, depth);
    this.#open.delete(schema);
    this.#known.set(schema, type);
    return type;
  }

  /** The schema that a `$ref` leads to. */
  resolved(part: Part): Part {
    let { schema, root } = part;
    for (let passed = 0; passed < DEEPEST && isMap(schema) && typeof schema['$ref'] === 'string'; passed += 1) {
      // What stands beside a reference narrows it: then the type is not known.
      if (Object.keys(schema).some((word) => !ANNOTATIONS.has(word))) return { schema: undefined, root };
      const [file = '', pointer = ''] = schema['$ref'].split('#', 2);
      if (file !== '') root = this.#schemaOf(file.replace(/\.json$/, '')) ?? this.#schemaOf(file);
      schema = under(root, pointerKeys(pointer));
    }
    return { schema, root };
  }

  #made({ root }: Part, schema: PlainMap, depth: number): string {
    if (COMBINED.some((word) => Object.hasOwn(schema, word))) return 'dyn';
    switch (schema['type']) {
      case 'string':
        return 'string';
      case 'boolean':
        return 'bool';
      case 'number':
        return 'double';
      case 'integer':
        return 'int';
      case 'array': {
        const items = own(schema, 'items');
        return isMap(items) && !Object.hasOwn(schema, 'prefixItems')
          ? `list<${this.of({ schema: items, root }, depth + 1)}>`
          : 'list';
      }
      case 'object':
        return this.#map(schema, root, depth);
      default:
        return 'dyn';
    }
  }

  #map(schema: PlainMap, root: unknown, depth: number): string {
    const properties = asMap(own(schema, 'properties'));
    const names = Object.keys(properties);
    if (names.length === 0 || Object.hasOwn(schema, 'patternProperties') || this.maps.length >= MOST_MAPS) return 'map';
    const fields: Record<string, string> = {};
    for (const name of names) {
      this.names.add(name);
      fields[name] = this.of({ schema: properties[name], root }, depth + 1);
    }
    const isOpen = own(schema, 'additionalProperties') !== false && own(schema, 'unevaluatedProperties') !== false;
    const name = `Map${this.maps.length + 1}`;
    this.maps.push({ name, fields, isOpen });
    return name;
  }
}

const ANNOTATIONS: ReadonlySet<string> = new Set(['$ref', '$comment', 'title', 'description', 'default', 'examples']);
/** With one of these words a schema is of several types, or has fields elsewhere. */
const COMBINED = ['allOf', 'anyOf', 'oneOf', 'not', 'if', '$dynamicRef'] as const;

/** The CEL type of a body that fits a schema, or a part of it; undefined where nothing is known of it. */
export function bodyTypeOf({ schema: name, path }: KnownBody, schemaOf: SchemaOf): BodyType | undefined {
  const whole = schemaOf(name);
  const types = new Types(schemaOf);
  let part: Part = types.resolved({ schema: whole, root: whole });
  for (const step of path) {
    const holder = asMap(part.schema);
    const schema = step === '*' ? own(holder, 'items') : own(asMap(own(holder, 'properties')), step);
    part = types.resolved({ schema, root: part.root });
  }
  const type = types.of(part);
  return type === 'dyn' ? undefined : { schema: name, type, maps: types.maps, names: types.names };
}
