import { shortened } from '#kit/shortened.ts';
import { type Bounds, RATE_PATTERN } from '#kit/quantity.ts';
import { isMap } from '#kit/json-value.ts';
import { alternatives, typesOf } from './schema-at.ts';
import type { JsonSchema } from '../json-schema.ts';

const MAX_SHOWN = 60;
/** User and password of a URL. */
const IDENTITY = /\/\/[^/@\s]*@/g;

/** `a, b or c`. */
export function oneOf(items: readonly string[]): string {
  const unique = [...new Set(items)];
  const last = unique.at(-1) ?? '';
  return unique.length < 2 ? last : `${unique.slice(0, -1).join(', ')} or ${last}`;
}

/** A value as it would be written in the file, cut where it is long. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isMap(value)) return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value).replace(IDENTITY, '//...@');
  return shortened(text, MAX_SHOWN);
}

export function isDuration(schema: JsonSchema): boolean {
  const pattern = schema['pattern'];
  return typeof pattern === 'string' && pattern.includes('(ms|s|m|h|d)') && !pattern.includes('\\.\\.');
}

export function isSize(schema: JsonSchema): boolean {
  const pattern = schema['pattern'];
  return typeof pattern === 'string' && pattern.includes('(B|KiB|MiB|GiB)');
}

/** A rate: `500/s`. */
export function isRate(schema: JsonSchema): boolean {
  return schema['pattern'] === RATE_PATTERN;
}

/** First and longest wait: `100ms..10s`. */
export function isBackoff(schema: JsonSchema): boolean {
  const pattern = schema['pattern'];
  return typeof pattern === 'string' && pattern.includes('(ms|s|m|h|d)\\.\\.');
}

/** Bounds of a duration or size, as far as the schema has them. */
export function boundsOf({ formatMinimum, formatMaximum }: JsonSchema): Bounds {
  return {
    ...(typeof formatMinimum === 'string' && { formatMinimum }),
    ...(typeof formatMaximum === 'string' && { formatMaximum }),
  };
}

/** ` from 10ms to 1h`, to follow the kind of the value; empty where there are no bounds. */
export function boundsInWords(schema: JsonSchema): string {
  const { formatMinimum: least, formatMaximum: most } = boundsOf(schema);
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  if (most !== undefined) return ` of at most ${most}`;
  return least === undefined ? '' : ` of at least ${least}`;
}

function describeNumber(schema: JsonSchema, whole: boolean): string {
  const name = whole ? 'a whole number' : 'a number';
  const { minimum, maximum } = schema;
  if (typeof minimum === 'number' && typeof maximum === 'number') return `${name} from ${minimum} to ${maximum}`;
  if (typeof minimum === 'number') return `${name} of at least ${minimum}`;
  return typeof maximum === 'number' ? `${name} of at most ${maximum}` : name;
}

// A pattern alone is hard to read; without an example the description of the driver is shown.
function explained({ description }: JsonSchema): string {
  return typeof description === 'string' ? ` (${description.replace(/\.$/, '')})` : '';
}

function describeText(schema: JsonSchema): string {
  if (isDuration(schema)) return `a duration with its unit (250ms, 30s, 5m, 2h, 1d)${boundsInWords(schema)}`;
  if (isSize(schema)) return `a size with its unit (900B, 64KiB, 2GiB)${boundsInWords(schema)}`;
  if (isRate(schema)) return 'a rate with its unit (500/s)';
  if (isBackoff(schema)) return `the first and the longest wait (100ms..10s)${boundsInWords(schema)}`;
  const [sample] = Array.isArray(schema['examples']) ? schema['examples'] : [];
  const such = sample === undefined ? '' : ` such as ${shown(sample)}`;
  if (typeof schema['maxLength'] === 'number' && typeof schema['pattern'] !== 'string') {
    const { minLength: least, maxLength: most } = schema;
    return `text of ${typeof least === 'number' && least > 0 ? `${least} to` : 'at most'} ${most} characters`;
  }
  if (typeof schema['pattern'] === 'string')
    return `text that matches ${schema['pattern']}${such || explained(schema)}`;
  return typeof schema['minLength'] === 'number' ? `text that is not empty${such}` : `text${such}`;
}

function describeOne(schema: JsonSchema): string {
  if ('const' in schema) return shown(schema['const']);
  if (Array.isArray(schema['enum'])) return oneOf(schema['enum'].map(shown));
  const names = typesOf(schema).map((type) => {
    if (type === 'string') return describeText(schema);
    if (type === 'integer' || type === 'number') return describeNumber(schema, type === 'integer');
    if (type === 'boolean') return 'true or false';
    if (type === 'array') return describeList(schema);
    return type === 'object' ? describeMap(schema) : 'nothing';
  });
  return names.length === 0 ? 'another value' : oneOf(names);
}

function describeList(schema: JsonSchema): string {
  const items = isMap(schema['items']) ? describe(schema['items']).replace(/^a map$/, 'maps') : 'values';
  const some =
    typeof schema['minItems'] === 'number' && schema['minItems'] > 0 ? 'a list of at least one item: ' : 'a list of ';
  return `${some}${items}`;
}

function describeMap(schema: JsonSchema): string {
  const keys = isMap(schema['properties']) ? Object.keys(schema['properties']) : [];
  if (keys.length > 0 && keys.length <= 4) return `a map of ${keys.join(', ')}`;
  return 'a map';
}

/** The values that a schema accepts, in words. */
export function describe(schema: JsonSchema): string {
  return oneOf(alternatives(schema).map(describeOne));
}

/** A value that the schema accepts, as it would be written. */
export function example(schema: JsonSchema): string {
  const [first = schema] = alternatives(schema);
  const [given] = Array.isArray(first['examples']) ? first['examples'] : [];
  const [choice] = Array.isArray(first['enum']) ? first['enum'] : [];
  const known = given ?? first['default'] ?? first['const'] ?? choice;
  if (Array.isArray(known)) return JSON.stringify(known);
  if (known !== undefined && !isMap(known)) return typeof known === 'string' ? written(known) : shown(known);
  if (isDuration(first)) return '30s';
  if (isSize(first)) return '64KiB';
  if (isRate(first)) return '500/s';
  const [type] = typesOf(first);
  if (type === 'integer' || type === 'number') return shown(first['minimum'] ?? 1);
  if (type === 'boolean') return 'true';
  if (type === 'array') return isMap(first['items']) ? `[${example(first['items'])}]` : '[...]';
  return type === 'object' ? '{ ... }' : '"..."';
}

/** Without quotes where YAML reads the plain text as the same text. */
export function written(text: string | number | boolean): string {
  if (typeof text !== 'string') return String(text);
  const plain =
    /^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$|^[0-9]+(ms|s|m|h|d|B|KiB|MiB|GiB)(\.\.[0-9]+(ms|s|m|h|d))?$|^[0-9]+\/s$/;
  return plain.test(text) && !/^(true|false|null|yes|no|on|off|y|n|e)$/i.test(text) ? text : JSON.stringify(text);
}
