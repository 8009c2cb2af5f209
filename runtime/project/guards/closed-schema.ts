import { RegExpParser } from '@eslint-community/regexpp';
import { asList, asMap, isMap, type PlainMap } from '#kit/json-value.ts';
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
  const walked: Walked = { judged: new Set(), references: [] };
  walk(schema, '', places, walked);
  for (const { at, to } of walked.references) {
    if (!walked.judged.has(to)) places.push({ at, why: 'a $ref to no schema of the file', isFreeText: false });
  }
  return places;
}

/** Schemas that were looked at, and references to such. What a reference names must be one of them. */
interface Walked {
  readonly judged: Set<string>;
  readonly references: { readonly at: string; readonly to: string }[];
}

function walk(schema: unknown, at: string, places: OpenPlace[], walked: Walked): void {
  walked.judged.add(at);
  const open = (why: string, place = at): void => void places.push({ at: place, why, isFreeText: false });
  if (!isMap(schema)) return open('a schema that lists nothing');
  for (const keyword of Object.keys(schema)) {
    if (!CLOSED_KEYWORDS.has(keyword))
      open(`${keyword}, which the second validator does not have`, pointerTo(at, keyword));
  }
  for (const definitions of ['$defs', 'definitions']) {
    for (const [name, one] of Object.entries(mapAt(schema, definitions)))
      walk(one, pointerTo(at, definitions, name), places, walked);
  }
  if (at !== '' && '$id' in schema)
    open('$id within the file: what a $ref names would depend on its reader', pointerTo(at, '$id'));
  const { $ref: reference } = schema;
  if (typeof reference === 'string') {
    const place = pointerTo(at, '$ref');
    if (!reference.startsWith('#')) open('a $ref into another file', place);
    else walked.references.push({ at: place, to: unescaped(reference.slice(1)) });
    if ('unevaluatedProperties' in schema)
      open('unevaluatedProperties beside $ref: the second validator knows no fields but its own');
    return;
  }
  if ('const' in schema || 'enum' in schema) return;
  const types = typesOf(schema);
  if (types.length === 0) return open('no type, no enum and no const');
  if (types.includes('object')) walkObject(schema, at, places, walked);
  if (types.includes('array')) {
    if (typeof schema['maxItems'] !== 'number') open('a list without maxItems');
    walk(schema['items'], pointerTo(at, 'items'), places, walked);
  }
  if (types.includes('number') || types.includes('integer')) {
    if (!hasOne(schema, ['minimum', 'exclusiveMinimum'])) open('a number without minimum');
    if (!hasOne(schema, ['maximum', 'exclusiveMaximum'])) open('a number without maximum');
  }
  if (types.includes('string')) walkText(schema, at, places);
}

function walkObject(schema: PlainMap, at: string, places: OpenPlace[], walked: Walked): void {
  if (schema['additionalProperties'] !== false && schema['unevaluatedProperties'] !== false) {
    places.push({ at, why: 'an object without additionalProperties: false', isFreeText: false });
  }
  for (const [name, one] of Object.entries(mapAt(schema, 'properties')))
    walk(one, pointerTo(at, 'properties', name), places, walked);
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
  return hasAny(parsed) ? 'a pattern with ., with \\p, or with a class of nearly all characters' : undefined;
}

/** With more characters than letters, digits and some marks, every text can be written. */
const MOST_CHARACTERS = 80;

/** Whether a part of a pattern matches nearly every character. */
function hasAny(node: unknown): boolean {
  if (!isMap(node)) return false;
  const { type, kind, negate, elements } = node;
  if (type === 'CharacterSet' && (kind === 'any' || kind === 'property' || negate === true)) return true;
  if (type === 'CharacterClass') {
    const count = asList(elements).reduce((sum: number, element) => sum + charactersOf(element), 0);
    if (negate === true || count > MOST_CHARACTERS) return true;
  }
  return ['alternatives', 'elements', 'element'].some((name) => {
    const beneath = node[name];
    return Array.isArray(beneath) ? beneath.some(hasAny) : hasAny(beneath);
  });
}

/** How many characters an element of a class has. */
function charactersOf(element: unknown): number {
  const { min, max, kind } = asMap(element);
  if (isMap(min) && isMap(max)) return Number(max['value']) - Number(min['value']) + 1;
  return kind === 'word' ? 63 : kind === 'space' ? 25 : kind === 'digit' ? 10 : 1;
}

/** The pointer in a fragment of a URI. */
function unescaped(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
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
