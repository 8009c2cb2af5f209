import { RegExpParser } from '@eslint-community/regexpp';
import { isMap, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { CLOSED_FORMATS } from '../../guards/formats.ts';
import { CLOSED_KEYWORDS } from '../../guards/second-validator.ts';
import { patternOf } from '../schemas/pattern/pattern.ts';

/** A place of a schema at which more fits than somebody has listed. */
export interface OpenPlace {
  /** RFC 6901. */
  readonly at: string;
  readonly why: string;
  /** Any text of the allowed length fits. */
  readonly isFreeText: boolean;
}

/** Where a schema is not closed: what a message of it holds has no bound, or none that two validators understand. */
export function openPlaces(schema: unknown): readonly OpenPlace[] {
  const places: OpenPlace[] = [];
  walk(schema, '', places);
  return places;
}

function walk(schema: unknown, at: string, places: OpenPlace[]): void {
  const open = (why: string, place = at): void => void places.push({ at: place, why, isFreeText: false });
  if (!isMap(schema)) return open('a schema that lists nothing');
  for (const keyword of Object.keys(schema)) {
    if (!CLOSED_KEYWORDS.has(keyword))
      open(`${keyword}, which the second validator does not have`, pointerTo(at, keyword));
  }
  for (const definitions of ['$defs', 'definitions']) {
    for (const [name, one] of Object.entries(mapAt(schema, definitions)))
      walk(one, pointerTo(at, definitions, name), places);
  }
  const { $ref: reference } = schema;
  if (typeof reference === 'string') {
    if (!reference.startsWith('#')) open('a $ref into another file', pointerTo(at, '$ref'));
    return;
  }
  if ('const' in schema || 'enum' in schema) return;
  const types = typesOf(schema);
  if (types.length === 0) return open('no type, no enum and no const');
  if (types.includes('object')) walkObject(schema, at, places);
  if (types.includes('array')) {
    if (typeof schema['maxItems'] !== 'number') open('a list without maxItems');
    walk(schema['items'], pointerTo(at, 'items'), places);
  }
  if (types.includes('number') || types.includes('integer')) {
    if (!hasOne(schema, ['minimum', 'exclusiveMinimum'])) open('a number without minimum');
    if (!hasOne(schema, ['maximum', 'exclusiveMaximum'])) open('a number without maximum');
  }
  if (types.includes('string')) walkText(schema, at, places);
}

function walkObject(schema: PlainMap, at: string, places: OpenPlace[]): void {
  if (schema['additionalProperties'] !== false && schema['unevaluatedProperties'] !== false) {
    places.push({ at, why: 'an object without additionalProperties: false', isFreeText: false });
  }
  for (const [name, one] of Object.entries(mapAt(schema, 'properties')))
    walk(one, pointerTo(at, 'properties', name), places);
}

function walkText(schema: PlainMap, at: string, places: OpenPlace[]): void {
  const open = (why: string): void => void places.push({ at, why, isFreeText: false });
  const free = (why: string): void => void places.push({ at, why, isFreeText: true });
  const { format, pattern, maxLength } = schema;
  if (typeof maxLength !== 'number') open('a text without maxLength');
  if (typeof format === 'string' && !CLOSED_FORMATS.includes(format)) {
    return open(`the format ${format}: only ${CLOSED_FORMATS.join(', ')} are checked twice`);
  }
  if (typeof pattern !== 'string')
    return typeof format === 'string' ? undefined : free('a text without pattern, enum, const or format');
  if (!isLinear(pattern))
    return open('a pattern that the second validator could not run in time that grows with the text alone');
  const why = looseness(pattern);
  if (why !== undefined && format === undefined) free(why);
}

function isLinear(pattern: string): boolean {
  try {
    return patternOf(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** Why a pattern leaves room for any text. */
function looseness(pattern: string): string | undefined {
  const parsed = new RegExpParser().parsePattern(pattern, 0, pattern.length, { unicode: true });
  const [only, ...others] = parsed.alternatives;
  const [first, last] = [only?.elements[0], only?.elements.at(-1)];
  const isWhole =
    others.length === 0 &&
    first?.type === 'Assertion' &&
    first.kind === 'start' &&
    last?.type === 'Assertion' &&
    last.kind === 'end';
  if (!isWhole) return 'a pattern that does not begin with ^ and end with $';
  return hasAny(parsed) ? 'a pattern with . or with a class of all characters but some' : undefined;
}

/** Whether a part of a pattern matches nearly every character. */
function hasAny(node: unknown): boolean {
  if (!isMap(node)) return false;
  const { type, kind, negate } = node;
  if (type === 'CharacterSet' && (kind === 'any' || negate === true)) return true;
  if (type === 'CharacterClass' && negate === true) return true;
  return ['alternatives', 'elements', 'element'].some((name) => {
    const beneath = node[name];
    return Array.isArray(beneath) ? beneath.some(hasAny) : hasAny(beneath);
  });
}

function typesOf({ type }: PlainMap): readonly unknown[] {
  return Array.isArray(type) ? type : type === undefined ? [] : [type];
}

function mapAt(schema: PlainMap, keyword: string): PlainMap {
  const value = schema[keyword];
  return isMap(value) ? value : {};
}

function hasOne(schema: PlainMap, keywords: readonly string[]): boolean {
  return keywords.some((keyword) => typeof schema[keyword] === 'number');
}
