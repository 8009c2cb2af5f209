import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { json, JSON_CODECS } from '../../runtime/codecs/json.ts';
import { writeJson } from '../../runtime/codecs/json-writer.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';

const PLAIN = { bigints: false, decimals: undefined };

class Track {
  readonly id = 'v1';
  readonly #secret = 'secret';
  toString(): string {
    return this.#secret;
  }
}

function failureOf(body: unknown): SluiceError | undefined {
  try {
    json.encode(body);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof SluiceError, String(thrown));
    return thrown;
  }
}

test('what JSON has no word for is refused with its place and what to write, never left out or written as null', () => {
  const cases: readonly (readonly [value: unknown, found: string])[] = [
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [undefined, 'undefined'],
    [() => 1, 'a function'],
    [Symbol('secret'), 'a symbol'],
    [new Map([['secret', 1]]), 'a Map'],
    [new Set(['secret']), 'a Set'],
    [/secret/, 'a RegExp'],
    [new Error('secret'), 'an Error'],
    [Promise.resolve('secret'), 'a Promise'],
    [new Uint8Array(2), 'an array of bytes'],
    [new Date(Number.NaN), 'an invalid Date'],
    [{ toJSON: () => Number.NaN }, 'NaN'],
    [5n, 'a bigint'],
  ];
  for (const [value, found] of cases) {
    const places: readonly (readonly [body: unknown, pointer: string])[] = [
      [{ a: { 'b/c': value } }, '/a/b~1c'],
      [{ list: [1, value] }, '/list/1'],
      [{ made: Object.assign(new Track(), { x: value }) }, '/made/x'],
    ];
    for (const [body, pointer] of places) {
      const failure = failureOf(body);
      assert.deepEqual([failure?.code, failure?.place.pointer], ['ENCODE_FAILED', pointer], found);
      assert.ok(
        failure?.message.startsWith(`expected a body that json can write, found ${found} at ${pointer}`),
        failure?.message,
      );
      assert.doesNotMatch(failure?.message ?? '', /secret/);
    }
  }
  // oxlint-disable-next-line no-sparse-arrays -- a hole reads as undefined
  assert.equal(failureOf([1, , 2])?.place.pointer, '/1');
  assert.match(failureOf({ a: undefined })?.message ?? '', /undefined at \/a: leave it out, or write null$/);
});

test('what JSON writes is written as before: dates, classes, null prototypes, boxes, raw JSON, lists of lists', () => {
  const raw: unknown = Reflect.apply(Reflect.get(JSON, 'rawJSON') as () => unknown, JSON, ['1724442618569203714']);
  const bare: unknown = Object.assign(Object.create(null) as object, { x: 1 });
  const odd = Object.assign(Object.create({ inherited: 1 }) as object, { own: 1 });
  const shared = { n: 1 };
  for (const body of [
    new Date(0),
    new Track(),
    bare,
    odd,
    { raw },
    { raw, at: new Date(1) },
    [Object(1), Object('a'), Object(false)],
    [shared, shared],
    [[-0]],
    { toJSON: (key: string) => `${key}!` },
    URL.parse('http://a/'),
    null,
    'a',
    1,
  ]) {
    assert.equal(Buffer.from(json.encode(body)).toString(), JSON.stringify(body));
  }
});

test('the slow writer writes what JSON.stringify writes', () => {
  const bodies = fc.anything({
    withBoxedValues: true,
    withNullPrototype: true,
    maxDepth: 4,
    values: [
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ],
    key: fc.string().filter((key) => key !== '__proto__' && key !== 'prototype' && key !== 'toJSON'),
  });
  fc.assert(fc.property(bodies, (body) => assert.equal(writeJson(body, PLAIN), JSON.stringify(body))));
});

test('a key that changes every object is not written either: what was written can be read', () => {
  for (const text of ['{"a":{"__proto__":1}}', '{"a":{"constructor":{"prototype":1}}}']) {
    assert.equal(failureOf(JSON.parse(text))?.code, 'BODY_UNSAFE');
  }
});

test('exact: a bigint is written as its digits, whoever made it', () => {
  assert.equal(
    Buffer.from(JSON_CODECS.exact.encode({ n: 2n ** 80n, m: [-1n, Object(7n)] })).toString(),
    '{"n":1208925819614629174706176,"m":[-1,7]}',
  );
});
