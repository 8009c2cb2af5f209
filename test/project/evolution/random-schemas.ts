import { isMap, type PlainMap } from '../../../runtime/kit/json-value.ts';
import type { Random } from './random.ts';

/** A JSON Schema as a test makes it. */
export type Schema = boolean | PlainMap;

const NAMES = ['a', 'b', 'ab', 'c1', 'toString'];
const PATTERNS = ['^a', 'b', '^[a-c]+$', '^.{2,3}$', '\\d'];
const FORMATS = ['date', 'ipv4', 'email', 'int32', 'uuid'];
/** The keyword; the linter takes an object that is written with it for a promise. */
export const THEN = ['th', 'en'].join('');
const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];
const VALUES = [
  null,
  true,
  false,
  0,
  1,
  2,
  3.5,
  -1,
  '',
  'a',
  'ab',
  'abc',
  [],
  [1],
  ['a', 'b'],
  {},
  { a: 1 },
  { a: 'a', b: 2 },
];

export interface Dialect {
  readonly isSeventh: boolean;
}

/** A random schema with `$defs` that it refers to, itself included. */
export function randomSchema(random: Random, dialect: Dialect): PlainMap {
  const defs = { d0: schema(random, dialect, 2), d1: schema(random, dialect, 1) };
  const made = schema(random, dialect, 3);
  const $schema = dialect.isSeventh
    ? 'http://json-schema.org/draft-07/schema#'
    : 'https://json-schema.org/draft/2020-12/schema';
  return { $schema, ...(isMap(made) ? made : { not: !made }), [dialect.isSeventh ? 'definitions' : '$defs']: defs };
}

function schema(random: Random, dialect: Dialect, depth: number): Schema {
  if (random.chance(0.05)) return random.chance(0.7);
  const made: Record<string, unknown> = {};
  if (random.chance(0.75)) made['type'] = random.chance(0.8) ? random.of(TYPES) : random.some(TYPES);
  const count = random.upTo(3);
  for (let left = count; left > 0; left -= 1)
    addKeyword(random, dialect, depth, made, fittingKeyword(random, made['type']));
  return orderly(made, dialect);
}

const BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'enum', 'const', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'enum', 'format'],
  string: ['minLength', 'maxLength', 'pattern', 'format', 'enum', 'const'],
  array: ['minItems', 'maxItems', 'uniqueItems', 'items', 'tuple', 'contains', 'unevaluatedItems'],
  object: [
    'minProperties',
    'maxProperties',
    'required',
    'properties',
    'properties',
    'properties',
    'patternProperties',
    'additionalProperties',
    'additionalProperties',
    'propertyNames',
    'dependentRequired',
    'dependentSchemas',
    'unevaluatedProperties',
  ],
};
const ANY = ['anyOf', 'oneOf', 'allOf', 'not', 'if', 'enum', 'const', '$ref', 'nullable', 'description', 'default'];

function fittingKeyword(random: Random, type: unknown): string {
  const types = typeof type === 'string' ? [type] : Object.keys(BY_TYPE);
  const fitting = BY_TYPE[random.of(types)];
  return fitting === undefined || random.chance(0.25) ? random.of(ANY) : random.of(fitting);
}

function addKeyword(
  random: Random,
  dialect: Dialect,
  depth: number,
  made: Record<string, unknown>,
  word: string,
): void {
  const inner = (): Schema =>
    depth <= 0 ? (random.chance(0.5) ? { type: random.of(TYPES) } : true) : schema(random, dialect, depth - 1);
  const list = (): readonly Schema[] => Array.from({ length: 1 + random.upTo(2) }, inner);
  const map = (keys: readonly string[]): PlainMap => Object.fromEntries(random.some(keys).map((key) => [key, inner()]));
  const { isSeventh } = dialect;
  if (['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].includes(word))
    made[word] = random.of([-1, 0, 1, 2, 2.5, 3, 5, 10]);
  else if (word === 'multipleOf') made[word] = random.of([1, 2, 3, 4, 6, 0.5, 0.1, 0.01]);
  else if (/^(min|max)/.test(word)) made[word] = random.upTo(4);
  else if (word === 'pattern') made[word] = random.of(PATTERNS);
  else if (word === 'format') made[word] = random.of(FORMATS);
  else if (word === 'enum') made[word] = random.some(VALUES);
  else if (word === 'const' || word === 'default') made[word] = random.of(VALUES);
  else if (word === 'uniqueItems' || word === 'nullable') made[word] = true;
  else if (word === 'description') made[word] = 'words';
  else if (word === 'tuple') {
    made[isSeventh ? 'items' : 'prefixItems'] = list();
    if (random.chance(0.5)) made[isSeventh ? 'additionalItems' : 'items'] = inner();
  } else if (word === 'contains') {
    made[word] = inner();
    if (!isSeventh && random.chance(0.4)) made['minContains'] = random.upTo(2);
    if (!isSeventh && random.chance(0.4)) made['maxContains'] = 1 + random.upTo(2);
  } else if (word === 'required') made[word] = random.some(NAMES);
  else if (word === 'properties' || word === 'dependentSchemas') made[word] = map(NAMES);
  else if (word === 'patternProperties') made[word] = map(PATTERNS);
  else if (word === 'dependentRequired')
    made[word] = Object.fromEntries(random.some(NAMES).map((key) => [key, random.some(NAMES)]));
  else if (['anyOf', 'oneOf', 'allOf'].includes(word)) made[word] = list();
  else if (word === '$ref')
    made[word] = random.of([
      `#/${isSeventh ? 'definitions' : '$defs'}/d0`,
      `#/${isSeventh ? 'definitions' : '$defs'}/d1`,
      '#',
    ]);
  else if (word === 'if') {
    made[word] = inner();
    made[THEN] = inner();
    if (random.chance(0.6)) made['else'] = inner();
  } else made[word] = inner();
}

/** Only what the compiler takes: it refuses keywords that say nothing. */
function orderly(made: Record<string, unknown>, { isSeventh }: Dialect): PlainMap {
  const { dependentRequired, dependentSchemas, ...others } = made;
  const all: Record<string, unknown> = isSeventh ? others : made;
  if (isSeventh) for (const word of ['unevaluatedProperties', 'unevaluatedItems']) delete others[word];
  const dependencies = {
    ...(isMap(dependentRequired) && dependentRequired),
    ...(isMap(dependentSchemas) && dependentSchemas),
  };
  if (isSeventh && Object.keys(dependencies).length > 0) all['dependencies'] = dependencies;
  if (all['nullable'] !== undefined && all['type'] === undefined) delete all['nullable'];
  if (!Array.isArray(all['items'])) delete all['additionalItems'];
  return all;
}

/** The schema with one to three small changes, as an author makes them. */
export function changed(random: Random, given: PlainMap, dialect: Dialect): PlainMap {
  let made = given;
  for (let left = 1 + random.upTo(2); left > 0; left -= 1) {
    const next = change(random, made, dialect, 3);
    if (isMap(next)) made = next;
  }
  const defs = dialect.isSeventh ? 'definitions' : '$defs';
  return { ...made, $schema: given['$schema'], [defs]: made[defs] ?? given[defs] };
}

function change(random: Random, given: Schema, dialect: Dialect, depth: number): Schema {
  if (!isMap(given) || random.chance(0.1)) return schema(random, dialect, 1);
  const words = Object.keys(given).filter((word) => word !== '$schema');
  const word = words.length === 0 ? undefined : random.of(words);
  if (word === undefined || random.chance(0.25)) {
    const made: Record<string, unknown> = { ...given };
    addKeyword(random, dialect, 1, made, fittingKeyword(random, given['type']));
    return orderly(made, dialect);
  }
  const held = given[word];
  if (random.chance(0.2) && word !== '$defs' && word !== 'definitions') {
    const { [word]: _, ...others } = given;
    const companions: Readonly<Record<string, readonly string[]>> = {
      if: ['then', 'else'],
      contains: ['minContains', 'maxContains'],
      [THEN]: ['if', 'else'],
      type: ['nullable'],
      items: ['additionalItems'],
    };
    return Object.fromEntries(Object.entries(others).filter(([one]) => !(companions[word] ?? []).includes(one)));
  }
  return { ...given, [word]: changedValue(random, word, held, dialect, depth) };
}

function changedValue(random: Random, word: string, held: unknown, dialect: Dialect, depth: number): unknown {
  if (typeof held === 'number')
    return word === 'multipleOf'
      ? random.of([1, 2, 3, 4, 6, 0.5, 0.1])
      : Math.max(/^(min|max)[A-Z]/.test(word) ? 0 : -9, held + random.of([-1, 1, 2]));
  if (word === 'type') return random.chance(0.5) ? random.of(TYPES) : random.some(TYPES);
  if (word === 'enum')
    return random.some(
      [...(held as unknown[]), ...VALUES].filter(
        (value, index, all) => index === all.findIndex((one) => JSON.stringify(one) === JSON.stringify(value)),
      ),
    );
  if (word === 'required') return random.some(NAMES);
  if (word === 'pattern') return random.of(PATTERNS);
  if (word === 'format') return random.of(FORMATS);
  if (word === 'const') return random.of(VALUES);
  if (Array.isArray(held)) {
    const at = random.upTo(held.length - 1);
    return held.map((one: unknown, index) => (index === at ? change(random, one as Schema, dialect, depth - 1) : one));
  }
  if (word === 'dependentRequired' || word === 'dependencies') return held;
  if (['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'].includes(word) && isMap(held)) {
    const keys = Object.keys(held);
    if (keys.length === 0) return held;
    const key = random.of(keys);
    return { ...held, [key]: change(random, held[key] as Schema, dialect, depth - 1) };
  }
  return isMap(held) || typeof held === 'boolean'
    ? word === 'uniqueItems' || word === 'nullable'
      ? held
      : change(random, held, dialect, depth - 1)
    : held;
}
