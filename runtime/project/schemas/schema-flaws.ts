import { Ajv, type ErrorObject, type MissingRefError } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { messageOf } from '#contract/errors.ts';
import { nearestName } from '#kit/nearest.ts';
import { asList, isMap, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { shortened } from '#kit/shortened.ts';
import type { SchemaFile, SchemaNames } from './schema-names.ts';
import { isUriReference, referencesIn } from './schema-names.ts';
import { schemasIn } from './schema-walk.ts';

/** One error in a schema file, with the text to write instead. */
export interface SchemaFlaw {
  /** JSON pointer into the file; it includes the keyword where the keyword itself is wrong. */
  readonly at: string;
  readonly side?: 'key' | 'value';
  readonly expected: string;
  readonly found: string;
  readonly write: string;
  readonly suggestion?: string | undefined;
}

/** The schema cannot be compiled. */
export class BrokenSchema extends Error {
  override readonly name = 'BrokenSchema';
  readonly flaws: readonly SchemaFlaw[];
  /** The file that holds the errors, where it is not the one to be compiled. */
  readonly file: string | undefined;

  constructor(flaws: readonly SchemaFlaw[], file?: string) {
    super(flaws.map(({ at, expected, found }) => `${at}: expected ${expected}, found ${found}`).join('; '));
    this.flaws = flaws;
    this.file = file;
  }
}

const MOST_SHOWN = 60;
const SOME_FORMATS = 'date-time, date, email, uri, uuid, ipv4, hostname, ...';

/** All errors of one schema on its own: keywords, their values, formats, patterns. */
export function flawsIn(schema: SchemaFile['schema'], ajv: Ajv): readonly SchemaFlaw[] {
  const flaws: SchemaFlaw[] = [];
  for (const [at, { format, pattern, ...others }] of schemasIn(schema)) {
    for (const keyword of Object.keys(others))
      if (!(keyword in ajv.RULES.keywords)) flaws.push(unknownKeyword(at, keyword, ajv));
    if (typeof format === 'string' && !Object.hasOwn(ajv.formats, format)) flaws.push(unknownFormat(at, format, ajv));
    for (const keyword of ['$ref', '$id']) {
      const text = others[keyword];
      if (typeof text === 'string' && !isUriReference(text)) flaws.push(noUri(pointerTo(at, keyword), text));
    }
    if (typeof pattern === 'string') flaws.push(...patternFlaws(pointerTo(at, 'pattern'), 'value', pattern));
    const { patternProperties, unevaluatedItems } = others;
    if (unevaluatedItems !== undefined && unevaluatedItems !== true) flaws.push(...undecidedItems(at, others));
    for (const name of isMap(patternProperties) ? Object.keys(patternProperties) : []) {
      flaws.push(...patternFlaws(pointerTo(at, 'patternProperties', name), 'key', name));
    }
  }
  return [...flaws, ...misusedKeywords(schema, ajv)];
}

function unknownKeyword(at: string, keyword: string, ajv: Ajv): SchemaFlaw {
  const suggestion = nearestName(keyword, Object.keys(ajv.RULES.keywords));
  return {
    at: pointerTo(at, keyword),
    side: 'key',
    expected: 'a keyword of JSON Schema',
    found: JSON.stringify(keyword),
    write: suggestion === undefined ? `nothing: remove ${JSON.stringify(keyword)}` : JSON.stringify(suggestion),
    suggestion,
  };
}

/** What may hold for one list and not for another, and with it the items that it describes. */
const DECIDING = ['contains', 'anyOf', 'oneOf', 'if', 'dependentSchemas', '$ref', '$dynamicRef'];

/** ajv counts the items that are described; of branches and of `contains` it cannot. */
function undecidedItems(at: string, schema: PlainMap): readonly SchemaFlaw[] {
  const beside = [schema, ...partsOf(schema)].flatMap((part) => DECIDING.filter((word) => part[word] !== undefined));
  const [word] = beside;
  if (word === undefined) return [];
  return [
    {
      at: pointerTo(at, 'unevaluatedItems'),
      side: 'key',
      expected: `unevaluatedItems in a schema without ${DECIDING.join(', ')}`,
      found: `it beside ${word}`,
      write: '"items": false in each branch',
    },
  ];
}

function partsOf({ allOf }: PlainMap): readonly PlainMap[] {
  return asList(allOf)
    .filter(isMap)
    .flatMap((part) => [part, ...partsOf(part)]);
}

function noUri(at: string, text: string): SchemaFlaw {
  const expected = 'a URI reference, in which % stands before two hexadecimal digits';
  return { at, expected, found: shortened(JSON.stringify(text), MOST_SHOWN), write: '%25 for a percent sign' };
}

function unknownFormat(at: string, format: string, ajv: Ajv): SchemaFlaw {
  const suggestion = nearestName(format, Object.keys(ajv.formats));
  return {
    at: pointerTo(at, 'format'),
    expected: `a format that is known (${SOME_FORMATS})`,
    found: JSON.stringify(format),
    write:
      suggestion === undefined
        ? 'a pattern that says the same, or no format'
        : `"format": ${JSON.stringify(suggestion)}`,
    suggestion,
  };
}

function patternFlaws(at: string, side: 'key' | 'value', pattern: string): readonly SchemaFlaw[] {
  try {
    RegExp(pattern, 'u');
    return [];
  } catch (thrown) {
    const found = shortened(messageOf(thrown), MOST_SHOWN * 2);
    return [{ at, side, expected: 'a regular expression', found, write: 'one that JavaScript takes with the flag u' }];
  }
}

/** The compiler did not take the names in a schema: at the second of two that are equal, where it holds both. */
export function ambiguousName(schema: SchemaFile['schema'], said: string): SchemaFlaw {
  const seen = new Set<string>();
  for (const [at, held] of schemasIn(schema)) {
    for (const keyword of ['$anchor', '$dynamicAnchor', '$id']) {
      const name = held[keyword];
      if (typeof name !== 'string') continue;
      const found = `${JSON.stringify(name)} again`;
      const expected = 'a name that no other schema has';
      if (seen.has(name)) return { at: pointerTo(at, keyword), expected, found, write: 'another name' };
      seen.add(name);
    }
  }
  return { at: '', expected: 'names that no other schema has', found: shortened(said, MOST_SHOWN * 2), write: '' };
}

/** Values that a keyword does not take, by the meta-schema: one error for each pointer. */
function misusedKeywords(schema: SchemaFile['schema'], ajv: Ajv): readonly SchemaFlaw[] {
  if (ajv.validateSchema(schema) === true) return [];
  const judge = new (ajv instanceof Ajv2020 ? Ajv2020 : Ajv)({ allErrors: true, strict: false, verbose: true });
  void judge.validateSchema(schema);
  const byPlace = Map.groupBy(judge.errors ?? [], ({ instancePath }) => instancePath);
  // A union above a wrong value only repeats the error.
  const places = [...byPlace.keys()].filter((at) => ![...byPlace.keys()].some((other) => other.startsWith(`${at}/`)));
  return places.flatMap((at) => {
    const errors = byPlace.get(at) ?? [];
    const error =
      errors.find(({ keyword }) => keyword === 'enum') ?? errors.find(({ keyword }) => keyword === 'type') ?? errors[0];
    return error === undefined ? [] : [misuse(at, error)];
  });
}

function misuse(at: string, { keyword: rule, params, data, message }: ErrorObject<string, Params>): SchemaFlaw {
  const found = shortened(JSON.stringify(data) ?? 'nothing', MOST_SHOWN);
  if (rule === 'enum' && Array.isArray(params['allowedValues'])) {
    const allowed = params['allowedValues'].map(String);
    const suggestion = typeof data === 'string' ? nearestName(data, allowed) : undefined;
    const write = suggestion === undefined ? 'one of them' : JSON.stringify(suggestion);
    return { at, expected: allowed.join(', '), found, write, suggestion };
  }
  const isType = rule === 'type';
  const expected = isType ? `a value of type ${String(params['type'])}` : `a value that ${message ?? 'fits'}`;
  const isList = isType && params['type'] === 'array';
  return { at, expected, found, write: isList ? `[${found}]` : expected };
}

type Params = Readonly<Record<string, unknown>>;

/**
 * A `$ref` that leads nowhere, in the file that holds it. `why`: the reason why a file that exists cannot be referred to.
 */
export function missingReference(
  error: MissingRefError,
  names: SchemaNames,
  from: readonly SchemaFile[],
  why: (file: SchemaFile) => string | undefined,
): { readonly file: SchemaFile; readonly flaw: SchemaFlaw } | undefined {
  for (const file of from) {
    const reference = referencesIn(file).find(({ target }) => target === error.missingRef);
    if (reference !== undefined) return { file, flaw: leadsNowhere(reference, names, why) };
  }
  return undefined;
}

function leadsNowhere(
  { at: holder, text, target }: ReturnType<typeof referencesIn>[number],
  names: SchemaNames,
  why: (file: SchemaFile) => string | undefined,
): SchemaFlaw {
  const at = pointerTo(holder, '$ref');
  const file = names.fileOf(target);
  const found = JSON.stringify(text);
  if (file === undefined) {
    const [document = '', fragment] = text.split('#', 2);
    const near = nearestName(
      document,
      [...names.entries()].map(([name]) => name),
    );
    const suggestion = near === undefined ? undefined : near + (fragment === undefined ? '' : `#${fragment}`);
    const expected = 'the name of a file in schemas/, or the $id of one';
    return { at, expected, found, write: refOr(suggestion, 'the file, or its name as it is'), suggestion };
  }
  const reason = why(file);
  if (reason !== undefined)
    return {
      at,
      expected: `a schema that can be used here`,
      found: `${found}, and ${reason}`,
      write: 'a reference to another file, or mend that one',
    };
  const [document = ''] = text.split('#', 1);
  const places = [...schemasIn(file.schema)].map(([place]) => `${document}#${place}`);
  const suggestion = nearestName(text, places);
  const expected = `a schema that ${file.name}.json holds`;
  return {
    at,
    expected,
    found,
    write: refOr(suggestion, `a pointer to one, such as ${places.at(-1) ?? '#'}`),
    suggestion,
  };
}

function refOr(suggestion: string | undefined, otherwise: string): string {
  return suggestion === undefined ? otherwise : `"$ref": ${JSON.stringify(suggestion)}`;
}
