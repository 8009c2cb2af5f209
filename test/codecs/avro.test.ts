import assert from 'node:assert/strict';
import { test } from 'node:test';
import avsc from 'avsc';
import fc from 'fast-check';
import { avro } from '../../runtime/codecs/avro/avro.ts';
import type { BodyRules } from '../../runtime/contract/codec.ts';
import { CodecFlaws, type SchemaCodec } from '../../runtime/contract/schema-codec.ts';
import { hex, refusal } from './refusal.ts';

const USUAL: BodyRules = { numbers: 'reject', depth: 1000 };

function file(schema: unknown, name = 's.v1') {
  return { name, content: Buffer.from(JSON.stringify(schema)) };
}

function codecOf(schema: unknown, rules = USUAL): SchemaCodec {
  return avro({ schema: file(schema), options: {}, rules });
}

const TRACK = {
  type: 'record',
  name: 'Track',
  namespace: 'fleet',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'lat', type: 'double' },
    { name: 'speed', type: 'float', default: 0 },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['car', 'ship'] } },
    { name: 'raw', type: ['null', 'bytes'], default: null },
    { name: 'mac', type: { type: 'fixed', name: 'Mac', size: 6 } },
    { name: 'tags', type: { type: 'map', values: 'string' } },
    {
      name: 'legs',
      type: { type: 'array', items: { type: 'record', name: 'Leg', fields: [{ name: 'n', type: 'int' }] } },
    },
    { name: 'next', type: ['null', 'Track'], default: null },
    { name: 'ok', type: 'boolean' },
  ],
};

const float = fc.float({ noNaN: true });
const { track } = fc.letrec<{ track: object }>((tie) => ({
  track: fc.record(
    {
      id: fc.string({ unit: 'grapheme' }),
      // avsc rounds from 2^52 on.
      at: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
      lat: fc.double(),
      speed: float,
      kind: fc.constantFrom('car', 'ship'),
      raw: fc.option(fc.uint8Array()),
      mac: fc.uint8Array({ minLength: 6, maxLength: 6 }),
      tags: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string({ unit: 'grapheme' }), {
        noNullPrototype: true,
      }),
      legs: fc.array(fc.record({ n: fc.integer() }, { noNullPrototype: true })),
      next: fc.option(tie('track'), { maxDepth: 2 }),
      ok: fc.boolean(),
    },
    { noNullPrototype: true },
  ),
}));

/** As Avro's own library has bytes: as a Buffer. */
function bytesAs(make: (bytes: Uint8Array) => Uint8Array, value: unknown): unknown {
  if (value instanceof Uint8Array) return make(value);
  if (Array.isArray(value)) return value.map((item) => bytesAs(make, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, bytesAs(make, member)]));
}

test('avro: what this codec writes is what avsc writes, byte for byte, and it is read again as it was', () => {
  const codec = codecOf(TRACK);
  const oracle = avsc.Type.forSchema(TRACK as avsc.Schema);
  fc.assert(
    fc.property(track, (given) => {
      const bytes = codec.encode(given);
      const theirs = oracle.toBuffer(bytesAs((raw) => Buffer.from(raw), given));
      assert.equal(Buffer.from(bytes).toString('hex'), theirs.toString('hex'));
      assert.deepEqual(codec.decode(bytes), given);
    }),
  );
});

test('avro: integers of 64 bits are bigints, refused or rounded, by the rule of the route', () => {
  const bytes = codecOf('long').encode(2n ** 63n - 1n);
  assert.equal(Buffer.from(bytes).toString('hex'), 'feffffffffffffffff01');
  assert.equal(refusal(() => codecOf('long').decode(bytes)).code, 'NUMBER_UNSAFE');
  assert.equal(codecOf('long', { ...USUAL, numbers: 'keep' }).decode(bytes), 2n ** 63n - 1n);
  assert.equal(codecOf('long', { ...USUAL, numbers: 'round' }).decode(bytes), 2 ** 63);
  const exact = codecOf('long', { ...USUAL, numbers: 'exact' });
  for (const value of [0n, -1n, 63n, -64n, 64n, 2n ** 53n, -(2n ** 53n) - 1n, -(2n ** 63n), 2n ** 48n, -(2n ** 48n)]) {
    assert.equal(exact.decode(exact.encode(value)), value);
  }
  assert.equal(refusal(() => codecOf('long').encode(2n ** 63n)).code, 'ENCODE_FAILED');
  assert.equal(refusal(() => codecOf('int').decode(bytes)).code, 'DECODE_FAILED');
  assert.equal(refusal(() => codecOf('long').decode(hex('ffffffffffffffffffff01'))).code, 'DECODE_FAILED');
});

test('avro: any bytes are a body or a refusal, within time and memory in proportion to them', () => {
  const codec = codecOf(TRACK, { ...USUAL, numbers: 'keep' });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        codec.decode(bytes);
      } catch (thrown) {
        assert.match(String(thrown), /^SluiceError/);
      }
    }),
    { numRuns: 20_000 },
  );
  const bombs = [
    [{ type: 'array', items: 'null' }, 'feffffff0f00'],
    [{ type: 'array', items: 'null' }, 'ffffffff0f0000'],
    [{ type: 'array', items: 'int' }, 'feffffff0f'],
    [{ type: 'array', items: { type: 'array', items: 'null' } }, '06' + '90 4e 00'.repeat(3) + '00'],
    [{ type: 'array', items: { type: 'record', name: 'E', fields: [] } }, 'feffffff0f00'],
    ['bytes', 'feffffff0f'],
    ['string', '01'],
  ] as const;
  for (const [schema, written] of bombs)
    assert.equal(refusal(() => codecOf(schema).decode(hex(written))).code, 'DECODE_FAILED');
  const list = { type: 'record', name: 'L', fields: [{ name: 'next', type: ['null', 'L'] }] };
  assert.equal(refusal(() => codecOf(list).decode(hex('02'.repeat(1_000_000)))).code, 'BODY_TOO_DEEP');
});

test('avro: a body that does not fit is refused with its place, and nothing of it is left out', () => {
  const codec = codecOf(TRACK);
  const body = { id: 'a', at: 1, lat: 1, kind: 'car', mac: new Uint8Array(6), tags: {}, legs: [{ n: 1 }], ok: true };
  assert.deepEqual(codec.decode(codec.encode(body)), { ...body, speed: 0, raw: null, next: null });
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ ...body, extra: 1 }, /a field that fleet.Track does not have at \/extra$/],
    [{ ...body, lat: undefined }, /a value of type undefined where s.v1 has a number, at \/lat$/],
    [{ ...body, legs: [{ n: 1.5 }] }, /an integer of 32 bits, at \/legs\/0\/n$/],
    [{ ...body, kind: 's3cret' }, /a symbol of fleet.Kind, at \/kind$/],
    [{ ...body, mac: new Uint8Array(5) }, /6 bytes, at \/mac$/],
    [{ ...body, next: { id: 1 } }, /a text, at \/next\/id$/],
    [{ ...body, tags: JSON.parse('{"__proto__":"x"}') as object }, /a key that is not written at \/tags/],
  ];
  for (const [given, found] of cases) {
    const { code, message } = refusal(() => codec.encode(given));
    assert.equal(code, 'ENCODE_FAILED');
    assert.match(message, found);
    assert.doesNotMatch(message, /s3cret/);
  }
});

test('avro: what another version wrote is read as bodies of the version of the route', () => {
  const writer = {
    type: 'record',
    name: 'old.Track',
    fields: [
      { name: 'gone', type: { type: 'array', items: 'string' } },
      { name: 'ident', type: 'string' },
      { name: 'n', type: 'int' },
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['car', 'sub'] } },
    ],
  };
  const reader = {
    type: 'record',
    name: 'new.Track',
    aliases: ['old.Track'],
    fields: [
      { name: 'id', type: ['null', 'string'], aliases: ['ident'] },
      { name: 'n', type: 'double' },
      { name: 'kind', type: { type: 'enum', name: 'old.Kind', symbols: ['none', 'car'], default: 'none' } },
      { name: 'added', type: 'bytes', default: '\u00ff' },
    ],
  };
  const given = { gone: ['a', 'b'], ident: 'x', n: 7, kind: 'sub' };
  const bytes = codecOf(writer).encode(given);
  const read = codecOf(reader).readerOf?.(file(writer, 's.v0')).decode(bytes);
  assert.deepEqual(read, { id: 'x', n: 7, kind: 'none', added: new Uint8Array([255]) });
  const [theirs, ours] = [avsc.Type.forSchema(writer as avsc.Schema), avsc.Type.forSchema(reader as avsc.Schema)];
  const oracle: unknown = ours.fromBuffer(Buffer.from(bytes), ours.createResolver(theirs));
  assert.deepEqual(
    bytesAs((raw) => new Uint8Array(raw), oracle),
    read,
  );
  const unfit = codecOf('string').readerOf?.(file('int'));
  assert.match(
    refusal(() => unfit?.decode(hex('02'))).message,
    /int of the writer's schema where the schema of the route has string/,
  );
});

test('avro: a broken schema is told with the place in the file and what to write', () => {
  const cases: readonly (readonly [unknown, string, RegExp])[] = [
    [{ type: 'recrod', name: 'A' }, '/type', /a type of Avro, or one that the file names before/],
    [{ type: 'record', name: 'A', fields: [{ name: 'a', type: 'strin' }] }, '/fields/0/type', /found "strin"/],
    [{ type: 'record', name: 'A', fields: [{ type: 'int' }] }, '/fields/0', /a field with a name/],
    [
      { type: 'record', name: 'A', fields: [{ name: 'a', type: 'int', default: 'x' }] },
      '/fields/0/default',
      /a default of int/,
    ],
    [{ type: 'record', name: '1', fields: [] }, '/name', /a name of letters/],
    [{ type: 'record', name: 'A' }, '/fields', /a list of fields, found nothing/],
    [{ type: 'record', name: 'A', fields: [{ name: '__proto__', type: 'int' }] }, '/fields/0/name', /a name/],
    [{ type: 'enum', name: 'E', symbols: ['a', 'a'] }, '/symbols/1', /each symbol once/],
    [{ type: 'fixed', name: 'F', size: -1 }, '/size', /a number of bytes/],
    [['int', 'int'], '/1', /each type once/],
    [['int', ['string']], '/1', /no union, within a union/],
    [7, '', /a type: a name/],
  ];
  for (const [schema, at, expected] of cases) {
    assert.throws(
      () => codecOf(schema),
      (thrown) => {
        assert.ok(thrown instanceof CodecFlaws);
        assert.match(thrown.message, expected);
        assert.equal(thrown.flaws[0]?.at, at);
        assert.equal(thrown.flaws[0]?.file, 's.v1.avsc');
        return true;
      },
    );
  }
});

test('avro: of two records of one short name each is read as itself, by the schema that wrote it and by another version', () => {
  const record = (namespace: string, fields: readonly object[]) => ({ type: 'record', name: 'Rec', namespace, fields });
  const [x, y] = [
    { name: 'x', type: 'int' },
    { name: 'y', type: 'string' },
  ];
  const codec = codecOf([record('a', [x]), record('b', [x, y])]);
  for (const body of [{ x: 1 }, { x: 1, y: 's' }]) assert.deepEqual(codec.decode(codec.encode(body)), body);
  const later = codecOf([record('a', [x]), { ...record('c', [x, y]), aliases: ['b.Rec'] }]);
  const reader = later.readerOf?.(file([record('a', [x]), record('b', [x, y])], 's.v0'));
  assert.deepEqual(reader?.decode(codec.encode({ x: 1, y: 's' })), { x: 1, y: 's' });
});

test('avro: an object without fields of its own, and a number that the type does not hold, are refused and never written as another', () => {
  const types = [
    { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int', default: 1 }] },
    { type: 'map', values: 'int' },
  ];
  for (const type of types) {
    for (const value of [new Map([['a', 5]]), new Date(0), /a/, new Error('s3cret'), new Float32Array(2)])
      assert.equal(refusal(() => codecOf(type).encode(value)).code, 'ENCODE_FAILED', value.constructor.name);
    const made = codecOf(type);
    assert.deepEqual(made.decode(made.encode({ toJSON: () => ({ a: 3 }) })), { a: 3 });
  }
  for (const [type, value] of [
    ['double', 2n ** 53n + 1n],
    ['float', 1e300],
  ] as const)
    assert.match(
      refusal(() => codecOf(type).encode(value)).message,
      /a number that (double|float) does not hold at \//,
    );
  // The branch that holds it.
  assert.equal(codecOf(['float', 'double']).decode(codecOf(['float', 'double']).encode(1e300)), 1e300);
  assert.equal(codecOf('float').decode(codecOf('float').encode(Infinity)), Infinity);
});

test('avro: a default that contains itself is told at its place', () => {
  const again = { type: 'R', default: {} };
  const schema = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', ...again },
      { name: 'b', ...again },
    ],
  };
  assert.throws(
    () => codecOf(schema),
    (thrown: unknown) => thrown instanceof CodecFlaws && thrown.flaws[0]?.at === '/fields/0/default',
  );
});
