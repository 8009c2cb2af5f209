import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Schema, THEN } from './random-schemas.ts';
import { compare, rules } from './versions.ts';

/** The old schema, the new one, what is said of documents of the old one (backward), and of the new one (forward). */
type Case = readonly [older: Schema, newer: Schema, backward: string, forward: string];

const TEXT = { type: 'string' };
const CLOSED = { type: 'object', properties: { a: TEXT }, additionalProperties: false };
const ofKind = (kind: string, more: object = {}): Schema => ({
  type: 'object',
  required: ['kind'],
  properties: { kind: { const: kind }, ...more },
});
const LIST = { type: 'object', properties: { next: { $ref: '#' }, value: { type: 'integer' } } };
const SEVENTH = 'http://json-schema.org/draft-07/schema#';

const CASES: Readonly<Record<string, Case>> = {
  'a property that becomes required': [
    { type: 'object' },
    { type: 'object', required: ['a'] },
    'no: required-added /a',
    'yes',
  ],
  'a required property without a schema of its own': [
    { required: ['a'] },
    { type: 'object', required: ['a'] },
    'no: type-narrowed /',
    'yes',
  ],
  'a property that is added to a closed object': [
    CLOSED,
    { ...CLOSED, properties: { a: TEXT, b: TEXT } },
    'yes',
    'no: closed /b',
  ],
  'an object that is closed': [{ type: 'object', properties: { a: TEXT } }, CLOSED, 'no: closed /*', 'yes'],
  'a type of a property that widens': [
    { properties: { n: { type: 'integer' } } },
    { properties: { n: { type: ['number', 'null'] } } },
    'yes',
    'no: type-narrowed /n',
  ],
  'a listed value that goes': [{ enum: ['a', 'b', 1] }, { enum: ['b', 1] }, 'no: enum-shrunk /', 'yes'],
  'one value in place of a list of it': [{ enum: ['a'] }, { const: 'a' }, 'yes', 'yes'],
  'texts in place of listed texts': [
    { enum: ['a', 'b'] },
    { type: 'string', minLength: 1 },
    'yes',
    'no: enum-shrunk /',
  ],
  'a bound that is excluded': [
    { type: 'number', minimum: 0 },
    { type: 'number', exclusiveMinimum: 0 },
    'no: bound-tightened /',
    'yes',
  ],
  'bounds of integers that say the same': [
    { type: 'integer', exclusiveMinimum: 0, maximum: 9.5 },
    { type: 'integer', minimum: 1, exclusiveMaximum: 10 },
    'yes',
    'yes',
  ],
  'integers in place of whole numbers': [
    { type: 'number', multipleOf: 1 },
    { type: 'integer' },
    'yes',
    'no: multiple-changed /',
  ],
  'a wider step between bounded integers': [
    { type: 'integer', multipleOf: 6, minimum: 0, maximum: 60 },
    { type: 'integer', multipleOf: 3 },
    'yes',
    'no: multiple-changed /, bound-tightened /, bound-tightened /',
  ],
  'a shorter text, counted in code points': [
    { type: 'string', maxLength: 2 },
    { type: 'string', maxLength: 1 },
    'no: bound-tightened /',
    'yes',
  ],
  'another pattern': [{ pattern: '^a+$' }, { pattern: '^a*$' }, 'unknown: pattern-changed /', 'no: pattern-changed /'],
  'a format that is asserted': [TEXT, { type: 'string', format: 'date' }, 'no: format-changed /', 'yes'],
  'items that must differ': [{ type: 'array' }, { type: 'array', uniqueItems: true }, 'no: items-unique /', 'yes'],
  'a tuple that ends': [
    { type: 'array', prefixItems: [TEXT] },
    { type: 'array', prefixItems: [TEXT], items: false },
    'no: nothing-fits /-',
    'yes',
  ],
  'a tuple of draft-07 that ends': [
    { $schema: SEVENTH, type: 'array', items: [TEXT] },
    { $schema: SEVENTH, type: 'array', items: [TEXT], additionalItems: false },
    'no: nothing-fits /-',
    'yes',
  ],
  'more items that are contained': [
    { type: 'array', contains: TEXT },
    { type: 'array', contains: TEXT, minContains: 2 },
    'no: contains-more /',
    'yes',
  ],
  'a branch that goes': [
    { anyOf: [TEXT, { type: 'integer' }] },
    { anyOf: [TEXT, { type: 'null' }] },
    'no: choice-narrowed /',
    'no: choice-narrowed /',
  ],
  'variants that their kind tells apart': [
    { oneOf: [ofKind('a'), ofKind('b')] },
    { oneOf: [ofKind('a'), ofKind('b'), ofKind('c')] },
    'yes',
    'no: choice-narrowed /',
  ],
  'a variant whose property is narrowed': [
    { oneOf: [ofKind('a', { n: { maximum: 9 } }), ofKind('b')] },
    { oneOf: [ofKind('a', { n: { maximum: 8 } }), ofKind('b')] },
    'no: bound-tightened /n',
    'yes',
  ],
  'variants that may both fit': [
    { oneOf: [{ type: 'string' }, { type: 'integer' }] },
    { oneOf: [{ minLength: 2 }, { maxLength: 4 }] },
    'no: choice-narrowed /',
    'unknown: choice-narrowed /, type-narrowed /',
  ],
  'a refusal that is added': [TEXT, { type: 'string', not: { maxLength: 2 } }, 'no: not-added /', 'yes'],
  'a refusal that refuses less': [{ not: { type: ['string', 'null'] } }, { not: TEXT }, 'yes', 'no: not-added /'],
  'a condition whose consequence widens': [
    { type: 'object', if: { required: ['a'] }, [THEN]: { required: ['b', 'c'] }, else: { required: ['d'] } },
    { type: 'object', if: { required: ['a'] }, [THEN]: { required: ['b'] } },
    'yes',
    'no: required-added /c, required-added /d',
  ],
  'a dependent property': [
    { type: 'object' },
    { type: 'object', dependentRequired: { a: ['b'] } },
    'no: dependent-added /b',
    'yes',
  ],
  'a dependent schema in place of dependent properties': [
    { type: 'object', dependentRequired: { a: ['b'] } },
    { type: 'object', dependentSchemas: { a: { required: ['b'] } } },
    'yes',
    'yes',
  ],
  'parts of allOf in place of one schema': [
    { type: 'object', required: ['a'], properties: { a: TEXT } },
    {
      allOf: [{ type: 'object' }, { required: ['a'] }, { $ref: '#/$defs/a' }],
      $defs: { a: { properties: { a: TEXT } } },
    },
    'yes',
    'yes',
  ],
  'unevaluated properties behind allOf': [
    { type: 'object', properties: { a: true, b: true }, additionalProperties: false },
    { allOf: [{ type: 'object', properties: { a: true } }], properties: { b: true }, unevaluatedProperties: false },
    'yes',
    'yes',
  ],
  'names of properties by a pattern': [
    { type: 'object', propertyNames: { pattern: '^x-' } },
    { type: 'object', patternProperties: { '^x-': true }, additionalProperties: false },
    'yes',
    'yes',
  ],
  'a list that refers to itself': [
    LIST,
    { ...LIST, properties: { ...LIST.properties, value: { type: 'number' } } },
    'yes',
    'no: type-narrowed /next/value, type-narrowed /value',
  ],
  'a reference that only its way resolves': [
    { $dynamicRef: '#x', $defs: { x: { $dynamicAnchor: 'x', type: 'string' } } },
    { $dynamicRef: '#x', $defs: { x: { $dynamicAnchor: 'x', type: 'integer' } } },
    'unknown: keyword /',
    'unknown: keyword /',
  ],
  'nothing in place of something': [TEXT, false, 'no: nothing-fits /', 'yes'],
  'a schema that nothing fits': [
    { type: 'string', minLength: 3, maxLength: 2 },
    { type: 'integer' },
    'yes',
    'no: type-narrowed /',
  ],
  'a property that nothing fits': [
    { type: 'object', properties: { a: false } },
    { type: 'object', properties: { a: TEXT } },
    'yes',
    'no: nothing-fits /a',
  ],
  'null by the word of OpenAPI': [{ type: 'string', nullable: true }, { type: ['string', 'null'] }, 'yes', 'yes'],
  'defaults and words about it': [TEXT, { type: 'string', default: 'a', title: 'A', examples: ['b'] }, 'yes', 'yes'],
  'a name that every object of JavaScript has': [
    { type: 'object' },
    { type: 'object', required: ['toString'] },
    'unknown: required-added /toString',
    'yes',
  ],
};

for (const [what, [older, newer, backward, forward]] of Object.entries(CASES)) {
  test(what, () => {
    const found = compare(older, newer);
    assert.deepEqual([rules(found.backward), rules(found.forward)], [backward, forward]);
  });
}
