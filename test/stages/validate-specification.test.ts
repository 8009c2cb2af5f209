import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { randomDocument, near } from '../project/evolution/random-documents.ts';
import { Random } from '../project/evolution/random.ts';
import { randomSchema } from '../project/evolution/random-schemas.ts';
import { fitsSpecification, isOfSpecification } from '../project/evolution/specification.ts';
import { judgeOf } from '../project/evolution/versions.ts';

const RUNS = Number(process.env['SLUICE_SCHEMA_PAIRS'] ?? 150);

test('a body fits a schema where the specification says so, whatever keywords of either draft stand together', () => {
  let judged = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const schema = randomSchema(random, { isSeventh: random.chance(0.3) });
      if (!isOfSpecification(schema)) return;
      let judge: ReturnType<typeof judgeOf>;
      try {
        judge = judgeOf(schema);
      } catch {
        // The compiler refuses it.
        return;
      }
      let last: unknown = {};
      for (let left = 60; left > 0; left -= 1) {
        const document = random.chance(0.5) ? near(random, last) : randomDocument(random);
        const isFit = judge(document);
        if (isFit === true) last = document;
        const wanted = fitsSpecification(schema, document);
        if (isFit === undefined || wanted === undefined) continue;
        judged += 1;
        assert.equal(isFit, wanted, `${JSON.stringify(document)} ${JSON.stringify(schema)}`);
      }
    }),
    { numRuns: RUNS },
  );
  assert.ok(judged > RUNS * 5, String(judged));
});

const CONTAINS_1 = { type: 'array', contains: { const: 1 } };

// What ajv itself answers otherwise.
for (const [what, schema, document] of [
  ['an empty list behind one that contains what is wanted', { items: CONTAINS_1 }, [[1], []]],
  [
    'an empty list behind such a one in a map',
    { additionalProperties: { ...CONTAINS_1, minContains: 1 } },
    { a: [1], b: [] },
  ],
  [
    'an empty list, of a tuple and of what it contains',
    { prefixItems: [{ minimum: 1 }], contains: { properties: { a: { const: 1 } } } },
    [],
  ],
  [
    'a property that a failing condition alone describes',
    { if: { properties: { a: { const: 1 } } }, else: { required: ['a'] }, unevaluatedProperties: false },
    { a: 2 },
  ],
] as const) {
  test(`a schema refuses ${what}`, () => {
    assert.equal(judgeOf(schema)(document), false);
    assert.equal(fitsSpecification(schema, document), false);
  });
}

test('unevaluatedItems is refused where the validator could not count what is described, and judged elsewhere', () => {
  for (const beside of [
    { contains: { const: 1 } },
    { anyOf: [{ items: { type: 'integer' } }, true] },
    { allOf: [{ if: { minItems: 1 }, else: { prefixItems: [true] } }] },
    { $ref: '#/$defs/a', $defs: { a: { contains: true } } },
  ])
    assert.throws(() => judgeOf({ ...beside, unevaluatedItems: false }), /unevaluatedItems in a schema without/);
  const judge = judgeOf({ allOf: [{ prefixItems: [true] }], unevaluatedItems: { type: 'integer' } });
  assert.deepEqual([judge(['a', 1]), judge(['a', 'b']), judge([])], [true, false, true]);
});
