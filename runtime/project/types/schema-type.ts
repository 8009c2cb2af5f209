import { asList, isMap, own, type PlainMap } from '#kit/json-value.ts';

/** A type of TypeScript, as far as schemas have them. */
export type Type =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'both' | 'either'; readonly of: readonly Type[] }
  | { readonly kind: 'list'; readonly of: Type }
  | { readonly kind: 'tuple'; readonly of: readonly Type[] }
  | { readonly kind: 'object'; readonly members: readonly Member[]; readonly further: Type | undefined };

export interface Member {
  readonly name: string;
  readonly isRequired: boolean;
  readonly type: Type;
  readonly description: string | undefined;
}

export interface TypedFrom {
  /** The type of the target of a reference. */
  refer(target: string): Type;
  /** In draft-07 the keywords beside a `$ref` mean nothing. */
  readonly isSeventh: boolean;
}

const UNKNOWN = { kind: 'text', text: 'unknown' } as const;
const NEVER: Type = { kind: 'text', text: 'never' };
/** An interface is assignable to an index signature of `any`, and to no other one. */
const ANY: Type = { kind: 'text', text: 'any' };
const SCALARS: ReadonlyMap<unknown, Type> = new Map(
  Object.entries({ string: 'string', number: 'number', integer: 'number', boolean: 'boolean', null: 'null' }).map(
    ([type, text]) => [type, { kind: 'text', text }],
  ),
);

/**
 * The type of a schema of either draft. It may be wider than the schema, which has ranges, patterns and conditions beside. It is
 * narrower in one way: an object whose schema is silent about further properties has none in its type, so that a misspelt name
 * is an error of the compiler. Total: a schema with errors has a type too.
 */
export function typeOfSchema(schema: unknown, from: TypedFrom): Type {
  if (schema === false) return NEVER;
  if (!isMap(schema)) return UNKNOWN;
  const { $ref: target, allOf, anyOf, oneOf } = schema;
  const referred = typeof target === 'string' ? [from.refer(target)] : [];
  if (from.isSeventh && referred[0] !== undefined) return referred[0];
  const parts = [
    ...referred,
    shapeOf(schema, from),
    ...asList(allOf).map((part) => typeOfSchema(part, from)),
    ...[anyOf, oneOf].filter(Array.isArray).map((some) => either(asList(some).map((one) => typeOfSchema(one, from)))),
  ].filter((part) => !isUnknown(part));
  const [first = UNKNOWN, second] = parts;
  return second === undefined ? first : { kind: 'both', of: parts };
}

/** The words for people of a schema. */
export function descriptionOf(schema: unknown): string | undefined {
  const { title, description = title } = isMap(schema) ? schema : {};
  return typeof description === 'string' ? description : undefined;
}

function shapeOf(schema: PlainMap, from: TypedFrom): Type {
  if (Object.hasOwn(schema, 'const')) return literals([schema['const']]);
  if (Array.isArray(schema['enum'])) return literals(asList(schema['enum']));
  const types = typesOf(schema);
  return types.length === 0 ? UNKNOWN : either(types.map((type) => ofType(type, schema, from)));
}

const OBJECT_KEYWORDS = ['properties', 'required', 'additionalProperties', 'patternProperties'];
const ARRAY_KEYWORDS = ['items', 'prefixItems'];

/** The types that the schema names, or else the one that its keywords are about. */
function typesOf(schema: PlainMap): readonly unknown[] {
  const { type } = schema;
  if (type !== undefined) return Array.isArray(type) ? asList(type) : [type];
  if (OBJECT_KEYWORDS.some((keyword) => Object.hasOwn(schema, keyword))) return ['object'];
  return ARRAY_KEYWORDS.some((keyword) => Object.hasOwn(schema, keyword)) ? ['array'] : [];
}

function ofType(type: unknown, schema: PlainMap, from: TypedFrom): Type {
  if (type === 'object') return objectOf(schema, from);
  if (type === 'array') return arrayOf(schema, from);
  return SCALARS.get(type) ?? UNKNOWN;
}

function objectOf(schema: PlainMap, from: TypedFrom): Type {
  const required = new Set(asList(schema['required']).filter((name) => typeof name === 'string'));
  const properties = isMap(schema['properties']) ? schema['properties'] : {};
  const members = [...new Set([...Object.keys(properties), ...required])].map((name) => {
    const property = own(properties, name);
    const description = descriptionOf(property);
    return { name, isRequired: required.has(name), type: typeOfSchema(property ?? true, from), description };
  });
  return { kind: 'object', members, further: furtherOf(schema, members.length > 0, from) };
}

/** The type of all further properties; undefined for none. Beside named properties it would bind those too. */
function furtherOf(schema: PlainMap, hasNamed: boolean, from: TypedFrom): Type | undefined {
  const { additionalProperties: further } = schema;
  const patterns = isMap(schema['patternProperties']) ? Object.values(schema['patternProperties']) : [];
  if (patterns.length === 0 && (further === false || (further === undefined && hasNamed))) return undefined;
  if (hasNamed || further === undefined) return ANY;
  const types = [...patterns, ...(further === false ? [] : [further])].map((one) => typeOfSchema(one, from));
  return types.some(isUnknown) ? ANY : either(types);
}

function arrayOf(schema: PlainMap, from: TypedFrom): Type {
  const { items, prefixItems, additionalItems, minItems } = schema;
  const [prefix, rest] = Array.isArray(items) ? [asList(items), additionalItems] : [asList(prefixItems), items];
  const first = prefix.map((item) => typeOfSchema(item, from));
  if (rest !== false) return { kind: 'list', of: either([...first, typeOfSchema(rest ?? true, from)]) };
  const isWhole = first.length > 0 && typeof minItems === 'number' && minItems >= first.length;
  return isWhole ? { kind: 'tuple', of: first } : { kind: 'list', of: either(first) };
}

function either(types: readonly Type[]): Type {
  if (types.some(isUnknown)) return UNKNOWN;
  const different = [...new Map(types.map((type) => [JSON.stringify(type), type])).values()];
  const [first = NEVER, second] = different;
  return second === undefined ? first : { kind: 'either', of: different };
}

function isUnknown(type: Type): boolean {
  return type.kind === 'text' && type.text === UNKNOWN.text;
}

function literals(values: readonly unknown[]): Type {
  return either(values.map((value) => ({ kind: 'text', text: literal(value) })));
}

/** The type that has this value alone. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const members = Object.keys(value).map((name) => `${JSON.stringify(name)}: ${literal(own(value, name))}`);
  return `{ ${members.join('; ')} }`;
}
