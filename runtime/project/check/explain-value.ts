import { nearestName } from '#kit/nearest.ts';
import { brokenBound } from '#kit/quantity.ts';
import {
  boundsOf,
  describe,
  example,
  isDuration,
  isRate,
  isSize,
  oneOf,
  shown,
  written as asWritten,
} from './describe.ts';
import type { FindingDraft } from './finding-list.ts';
import { asMap, isMap } from '#kit/json-value.ts';
import { pointerKeys } from '#kit/pointer.ts';
import { fits } from '../read/reference-value.ts';
import { admits, alternatives, kindOf } from './schema-at.ts';
import type { JsonSchema } from '../json-schema.ts';

type Explanation = Pick<FindingDraft, 'code' | 'expected' | 'found' | 'write' | 'suggestion'>;

// Options of a connection that hold secrets; every driver has the same names for them. Findings appear in CI logs.
export const SECRET = /^\/buses\/.*\/(password|token|nkey|creds|key|secret)$/;

function nameOf(pointer: string): string {
  const keys = pointerKeys(pointer).filter((key) => !/^\d+$/.test(key));
  return keys.at(-1) ?? 'value';
}

function prefixed(pointer: string, text: string): string {
  const last = pointerKeys(pointer).at(-1);
  return last === undefined || /^\d+$/.test(last) ? text : `${last}: ${text}`;
}

/** The value in the right notation, where only its notation was wrong. */
function corrected(value: unknown, schemas: readonly JsonSchema[]): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') {
    if (fits(String(value), schemas)) return JSON.stringify(String(value));
  }
  if (typeof value === 'string') {
    const [bound] = schemas.flatMap((schema) => brokenBound(value, boundsOf(schema)) ?? []);
    if (bound !== undefined && fits(bound, schemas)) return bound;
    const bare = value === 'true' ? true : value === 'false' ? false : Number(value);
    if (value.trim() !== '' && !Number.isNaN(bare) && fits(bare, schemas)) return String(bare);
    if (schemas.some(({ items }) => isMap(items) && admits(items, value))) return JSON.stringify([value]);
  }
  const held = heldBy(value, schemas);
  if (held !== undefined) return held;
  // `key: {topic.1}` without quotes is a YAML map.
  const [only, ...more] = isMap(value) ? Object.entries(value) : [];
  if (only?.[1] === null && more.length === 0 && schemas.some((schema) => admits(schema, ''))) {
    return `"{${only[0]}}"`;
  }
  return undefined;
}

/** `json: exact` is `json: { numbers: exact }`: the one key of the map that takes the value. */
function heldBy(value: unknown, schemas: readonly JsonSchema[]): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const keys = schemas.flatMap((schema) =>
    Object.entries(asMap(schema['properties']))
      .filter(([, property]) => isMap(property) && fits(value, alternatives(property)))
      .map(([key]) => key),
  );
  const [only, ...more] = keys;
  return only === undefined || more.length > 0 ? undefined : `{ ${only}: ${asWritten(value)} }`;
}

function unitMissing(value: unknown, schema: JsonSchema, pointer: string): Explanation | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^[0-9]+$/.test(text)) return undefined;
  const unit = isDuration(schema) ? 's' : isSize(schema) ? 'B' : isRate(schema) ? '/s' : undefined;
  if (unit === undefined) return undefined;
  return {
    code: 'UNIT_MISSING',
    expected: describe(schema),
    found: shown(value),
    write: prefixed(pointer, `${text}${unit}`),
  };
}

/** The reason why a value does not fit its schemas. */
export function explainFound(schemas: readonly JsonSchema[], pointer: string, value: unknown): Explanation {
  if (SECRET.test(pointer)) return explainSecret(schemas, pointer, value);
  for (const schema of schemas) {
    const unit = unitMissing(value, schema, pointer);
    if (unit !== undefined) return unit;
  }
  const choices = schemas.flatMap(({ enum: values }) => (Array.isArray(values) ? (values as readonly unknown[]) : []));
  const names = choices.filter((choice) => typeof choice === 'string');
  const suggestion = typeof value === 'string' ? nearestName(value, names) : undefined;
  const right = suggestion ?? corrected(value, schemas) ?? schemas.map(example)[0] ?? '...';
  const kindIsWrong = !schemas.some((schema) => admits(schema, value));
  const kind = kindIsWrong && ['number', 'boolean'].includes(kindOf(value)) ? ` (a ${kindOf(value)})` : '';
  return {
    code: kindIsWrong ? 'WRONG_TYPE' : 'WRONG_VALUE',
    expected: oneOf(schemas.map(describe)),
    found: `${shown(value)}${kind}`,
    write: `${prefixed(pointer, right)}${value === null ? `, or nothing: remove ${nameOf(pointer)}` : ''}`,
    suggestion,
  };
}

function explainSecret(schemas: readonly JsonSchema[], pointer: string, value: unknown): Explanation {
  return {
    code: schemas.some((schema) => admits(schema, value)) ? 'WRONG_VALUE' : 'WRONG_TYPE',
    expected: oneOf(schemas.map(describe)),
    found: `a ${kindOf(value)} that is not shown`,
    write: `${prefixed(pointer, 'env:NAME')}, or the text in quotes`,
  };
}

/** As above for a value of a reference: the value is not shown. */
export function explainValue(schemas: readonly JsonSchema[], pointer: string, written: string): Explanation {
  return {
    code: 'WRONG_VALUE',
    expected: oneOf(schemas.map(describe)),
    found: `${written}, whose content is something else (it is not shown)`,
    write: `${nameOf(pointer)} as in ${schemas.map(example)[0] ?? '...'} where the reference leads`,
  };
}
