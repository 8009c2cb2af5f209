import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { brokenBound } from '#kit/quantity.ts';
import { describe, example, oneOf, shown } from './describe.ts';
import { explainFound, explainValue } from './explain-value.ts';
import type { FindingDraft, FindingList } from './finding-list.ts';
import type { Section } from '../read/sections.ts';
import { asMap, isMap, under } from '#kit/json-value.ts';
import { parentPointer, pointerKeys, pointerTo } from '#kit/pointer.ts';
import { fits } from '../read/reference-value.ts';
import type { Resolved } from '../read/references.ts';
import { alternatives } from './schema-at.ts';
import { type AddressWords, addressWords, unknownField } from './unknown-field.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { Catalog } from '#contract/catalog.ts';
import { essential, isKeyChoice } from './violations.ts';
import type { Violation } from './violations.ts';

function compiler(): (schema: JsonSchema) => ValidateFunction {
  // Patterns are checked and formats are not: values of references are checked without this compiler, by the same rules.
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, logger: false, validateFormats: false });
  for (const keyword of ['formatMinimum', 'formatMaximum']) {
    const validate = (bound: string, text: string): boolean => brokenBound(text, { [keyword]: bound }) === undefined;
    ajv.addKeyword({ keyword, type: 'string', schemaType: 'string', validate });
  }
  return (schema) => ajv.compile(schema);
}

/** To compile the schemas of a file takes longer than all else of its check, and `dev` and tests check one file many times. */
const MOST_COMPILED = 256;
const compiled = new Map<string, ValidateFunction>();
let compile: ((schema: JsonSchema) => ValidateFunction) | undefined;

/** By the text of the schema: each check makes the objects anew. */
function compiledOnce(schema: JsonSchema): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (compiled.size >= MOST_COMPILED) {
    compiled.clear();
    compile = undefined;
  }
  compile ??= compiler();
  const made = compile(schema);
  compiled.set(text, made);
  return made;
}

function missingField(at: string, key: string, violation: Violation): FindingDraft {
  const schema = asMap(asMap(violation.parentSchema)['properties'])[key];
  const value = isMap(schema) ? example(schema) : '...';
  return {
    code: 'MISSING_FIELD',
    at: pointerTo(at, key),
    expected: `${key} in ${at === '' ? 'the file' : pointerKeys(at).join('.')}`,
    found: 'no such key',
    write: `${key}: ${value}`,
  };
}

function keyChoice(at: string, violation: Violation): FindingDraft {
  const branches = Array.isArray(violation.schema) ? violation.schema.filter(isMap) : [];
  const choices = branches.map(({ required }) => (Array.isArray(required) ? required.join(' and ') : ''));
  return {
    code: 'MISSING_FIELD',
    at: pointerTo(at, '?'),
    expected: oneOf(choices),
    found:
      violation.keyword === 'oneOf' && violation.params['passingSchemas'] ? 'more than one of them' : 'none of them',
    write: `${choices[0] ?? '...'}: ...`,
  };
}

/** A key of a map whose keys are free names. */
function wrongName(at: string, name: string, schema: JsonSchema): FindingDraft {
  const schemas = [{ type: 'string', ...schema }];
  const mended = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return {
    code: 'WRONG_VALUE',
    at: pointerTo(at, name),
    side: 'key',
    expected: typeof schema['description'] === 'string' ? schema['description'] : oneOf(schemas.map(describe)),
    found: shown(name),
    write: fits(mended, schemas) ? `${mended}:` : `${example(schema)}:`,
  };
}

/** One violation of the schema compiler as a finding. */
function explain(
  violation: Violation,
  section: Section,
  { resolved, words }: { readonly resolved: ReadonlyMap<string, Resolved>; readonly words: AddressWords },
): FindingDraft {
  const at = `${section.pointer}${violation.instancePath}`;
  const { params, parentSchema } = violation;
  if (violation.keyword === 'additionalProperties')
    return unknownField(at, String(params['additionalProperty']), {
      properties: asMap(asMap(parentSchema)['properties']),
      data: asMap(violation.data),
      bus: violation.instancePath === '' ? section.bus : undefined,
      words,
    });
  if (violation.keyword === 'required' || violation.keyword === 'dependencies') {
    return missingField(at, String(params['missingProperty']), violation);
  }
  if (violation.keyword === 'propertyNames') {
    return wrongName(at, String(params['propertyName']), asMap(violation.schema));
  }
  if ((violation.keyword === 'anyOf' || violation.keyword === 'oneOf') && isKeyChoice(violation))
    return keyChoice(at, violation);
  const schemas = alternatives(asMap(parentSchema));
  const reference = resolved.get(at);
  if (reference !== undefined) return { at, ...explainValue(schemas, at, reference.written) };
  return { at, ...explainFound(schemas, at, violation.data) };
}

function violationsOf(errors: readonly ErrorObject[] | null | undefined): readonly Violation[] {
  return essential((errors ?? []) as readonly Violation[]);
}

/** Checks every section by its schema. Pointers that have a finding or are excluded get no other finding. */
export function validateSections(
  value: unknown,
  sections: readonly Section[],
  resolved: ReadonlyMap<string, Resolved>,
  catalog: Catalog,
  findings: FindingList,
): void {
  const context = { resolved, words: addressWords(catalog) };
  for (const section of sections) {
    const validate = compiledOnce(section.schema);
    if (validate(under(value, pointerKeys(section.pointer)))) continue;
    const drafts = violationsOf(validate.errors)
      .map((violation) => explain(violation, section, context))
      .filter(({ at }) => !findings.isClaimed(at));
    const explained = withMeantKeys(drafts);
    // A misspelt key is also a missing one: both are one mistake.
    const meant = new Set(explained.flatMap(({ at, suggestion }) => meantKey(at, suggestion)));
    for (const draft of explained) {
      const isMisspelt = draft.code === 'MISSING_FIELD' && meant.has(draft.at);
      if (isMisspelt) findings.claim(draft.at);
      else if (!findings.isClaimed(draft.at)) findings.add(draft);
    }
  }
}

function withMeantKeys(drafts: readonly FindingDraft[]): readonly FindingDraft[] {
  const byMap = Map.groupBy(drafts, ({ at }) => parentPointer(at));
  return [...byMap.values()].flatMap(withMeantKey);
}

/** One unknown key in a map that lacks one key: `topic:` under a bus that says `subject:`. */
function withMeantKey(beside: readonly FindingDraft[]): readonly FindingDraft[] {
  const unknown = beside.filter(({ code, suggestion }) => code === 'UNKNOWN_FIELD' && suggestion === undefined);
  const [missing, ...more] = beside.filter(({ code }) => code === 'MISSING_FIELD');
  if (unknown.length > 1 || missing === undefined || more.length > 0) return beside;
  const suggestion = pointerKeys(missing.at).at(-1) ?? '';
  if (suggestion === '?') return beside;
  return beside.map((draft) => (unknown.includes(draft) ? { ...draft, suggestion, write: `${suggestion}:` } : draft));
}

function meantKey(at: string, suggestion: string | undefined): readonly string[] {
  return suggestion === undefined ? [] : [pointerTo(parentPointer(at) ?? '', suggestion)];
}
