import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { avro } from '../../runtime/codecs/avro/avro.ts';
import { cbor } from '../../runtime/codecs/cbor.ts';
import { json } from '../../runtime/codecs/json.ts';
import { msgpack } from '../../runtime/codecs/msgpack.ts';
import { protobuf } from '../../runtime/codecs/protobuf/protobuf.ts';
import type { Codec } from '../../runtime/contract/codec.ts';
import { FLEET } from './fleet.ts';
import { under } from './refusal.ts';

const text = fc.string({ unit: 'binary' }).filter((one) => one !== '__proto__');
const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(0, 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 31, 2 ** 32, 255, 256, 65_536),
);
// JSON writes -0 as 0.
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (one === 0 ? 0 : one));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    integer,
    double,
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

/** Integers as bigints, as `numbers: exact` has them. MessagePack has those of 64 bits. */
function exactly(body: unknown): unknown {
  if (typeof body === 'number' && Number.isInteger(body)) return BigInt.asIntN(64, BigInt(body));
  if (Array.isArray(body)) return body.map(exactly);
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([name, held]) => [name, exactly(held)]));
}

/** Reads what the first wrote, writes it with the second, and reads that. */
function carried(from: Codec, to: Codec, body: unknown): unknown {
  const bytes = from.encode(body);
  return to.decode(to.encode(from.decode(bytes), bytes));
}

test('a body that one of json, cbor and msgpack reads is the same value in each other one, exact integers too', () => {
  const kinds = [json, cbor, msgpack];
  fc.assert(
    fc.property(value, fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), (body, large) => {
      for (const from of kinds) {
        for (const to of kinds) {
          assert.deepEqual(carried(from, to, body), body, `${from.name} ${to.name}`);
          const exact = { body: exactly(body), large };
          const found = carried(under(from, 'exact'), under(to, 'exact'), exact);
          assert.deepEqual(exactly(found), exact, `${from.name} ${to.name}`);
        }
      }
    }),
    { numRuns: 300 },
  );
});

const RULES = { numbers: 'reject', depth: 1000 } as const;
const AVSC = {
  type: 'record',
  name: 'Track',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'serialNumber', type: 'string' },
    { name: 'lat', type: 'double' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['CAR', 'SHIP'] } },
    { name: 'raw', type: 'string' },
    { name: 'tags', type: { type: 'map', values: 'string' } },
    { name: 'n', type: 'int' },
  ],
};

test('a body goes through each pair of codecs, with a schema and without one, as the same value', () => {
  const codecs: readonly Codec[] = [
    json,
    cbor,
    msgpack,
    avro({ schema: { name: 't.v1', content: Buffer.from(JSON.stringify(AVSC)) }, options: {}, rules: RULES }),
    protobuf({ schema: { name: 'fleet.v1', content: FLEET }, options: { message: 'fleet.Track' }, rules: RULES }),
  ];
  const plain = text.filter((one) => !one.includes('__proto__'));
  const track = fc.record(
    {
      id: plain,
      serialNumber: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String),
      lat: double,
      kind: fc.constantFrom('CAR', 'SHIP'),
      raw: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
      tags: fc.dictionary(plain, plain, { maxKeys: 3, noNullPrototype: true }),
      n: fc.integer(),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(track, (body) => {
      for (const from of codecs)
        for (const to of codecs) assert.deepEqual(carried(from, to, body), body, `${from.name} ${to.name}`);
    }),
    { numRuns: 200 },
  );
});
