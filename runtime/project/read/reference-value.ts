import { brokenBound } from '#kit/quantity.ts';
import { boundsOf } from '../check/describe.ts';
import { admits, typesOf } from '../check/schema-at.ts';
import type { JsonSchema } from '../json-schema.ts';

const NUMBER = /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/;

/** A reference yields text. It is read as a number or boolean only where every schema refuses text and one takes that type. */
export function typedValue(text: string, schemas: readonly JsonSchema[]): string | number | boolean {
  const types = schemas.flatMap(typesOf);
  if (types.length === 0 || types.includes('string')) return text;
  if ((types.includes('integer') || types.includes('number')) && NUMBER.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function bounded(value: number, schema: JsonSchema): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  return (
    !(typeof minimum === 'number' && value < minimum) &&
    !(typeof maximum === 'number' && value > maximum) &&
    !(typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) &&
    !(typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
  );
}

function worded(value: string, schema: JsonSchema): boolean {
  const { minLength, maxLength, pattern } = schema;
  return (
    !(typeof minLength === 'number' && value.length < minLength) &&
    !(typeof maxLength === 'number' && value.length > maxLength) &&
    !(typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value)) &&
    brokenBound(value, boundsOf(schema)) === undefined
  );
}

/** Whether a value of a reference fits one of its schemas, by the few keywords that apply to a text, number or boolean. */
export function fits(value: string | number | boolean, schemas: readonly JsonSchema[]): boolean {
  return schemas.some((schema) => {
    if (!admits(schema, value)) return false;
    if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) return false;
    if ('const' in schema && schema['const'] !== value) return false;
    if (typeof value === 'number') return bounded(value, schema);
    return typeof value !== 'string' || worded(value, schema);
  });
}
