import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { schemaCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import { baseOf, type SchemaFile, SchemaNames } from '../../runtime/project/schemas/schema-names.ts';
import { sampleOf } from '../../runtime/verify/sample.ts';

function sampled(schema: object, others: readonly SchemaFile[] = []): unknown {
  const file = { name: 's', schema };
  const names = new SchemaNames([file, ...others]);
  const made = sampleOf(names.schemaAt(baseOf(file)), (target) => names.schemaAt(target));
  const validator = schemaCompiler([file, ...others]).compile('s');
  assert.ok(validator(made), `${JSON.stringify(made)} against ${JSON.stringify(validator.errors)}`);
  return made;
}

const geo: SchemaFile = {
  name: 'geo.v1',
  schema: {
    $id: 'https://example.org/geo.v1.json',
    $defs: {
      lat: { type: 'number', minimum: 47.3, maximum: 47.9 },
      point: { type: 'object', required: ['lat'], properties: { lat: { $ref: '#/$defs/lat' } } },
    },
  },
};

test('a body that is made of a schema fits it, for every keyword that asks for something', () => {
  sampled({
    type: 'object',
    additionalProperties: false,
    required: 'abcdefghijklmnopqr'.split(''),
    properties: {
      a: { const: 7 },
      b: { enum: ['x', 'y'] },
      c: { type: 'string', minLength: 12, maxLength: 13 },
      d: { type: 'string', pattern: '^[A-Z]{3}-\\d{4}(?:x|y)+[^a-z]$' },
      e: { type: 'string', format: 'date-time' },
      f: { type: 'integer', exclusiveMinimum: 3, multipleOf: 4 },
      g: { type: 'number', maximum: -2.5 },
      h: { type: 'array', minItems: 3, items: { type: 'boolean' } },
      i: { allOf: [{ type: 'object', required: ['x'] }, { properties: { x: { type: 'null' } } }] },
      j: { oneOf: [{ type: 'string', format: 'uuid' }, { type: 'null' }] },
      k: { type: ['string', 'null'], maxLength: 2 },
      l: { $ref: '#/$defs/inner' },
      m: { type: 'array', prefixItems: [{ type: 'string' }, { const: 1 }] },
      n: { examples: [{ of: 'the author' }] },
      o: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      p: {},
      q: { type: 'string', format: 'email' },
      r: { type: 'object' },
    },
    $defs: { inner: { type: 'object', required: ['n'], properties: { n: { type: 'integer', minimum: 5 } } } },
  });
});

test('references lead through files, by name and by $id, and in circles', () => {
  assert.deepEqual(sampled({ required: ['at'], properties: { at: { $ref: 'geo.v1.json#/$defs/point' } } }, [geo]), {
    at: { lat: 47.5 },
  });
  const loop = {
    type: 'object',
    required: ['next'],
    properties: { next: { anyOf: [{ type: 'null' }, { $ref: '#' }] } },
  };
  assert.deepEqual(sampled(loop), { next: null });
  const endless = { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } };
  assert.deepEqual(
    sampleOf(endless, () => endless),
    {},
  );
});

test('what the shipped schemas ask for can be made', () => {
  for (const name of ['owntracks-location.v1', 'order.v1', 'track.v1']) {
    const text = readFileSync(new URL(`../../schemas/${name}.json`, import.meta.url), 'utf8');
    sampled(JSON.parse(text) as object);
  }
});
