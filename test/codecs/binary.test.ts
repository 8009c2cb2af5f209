import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode as msgpackDecode, encode as msgpackEncode } from '@msgpack/msgpack';
import { decode as cborDecode, encode as cborEncode } from 'cborg';
import fc from 'fast-check';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { cbor } from '../../runtime/codecs/cbor.ts';
import { msgpack } from '../../runtime/codecs/msgpack.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { hex, refusal, under } from './refusal.ts';

const BOTH = [cbor, msgpack] as const;

const REFUSED = new Set(['__proto__', 'prototype', 'constructor', 'toJSON']);
const name = fc.string({ unit: 'grapheme' }).filter((key) => !REFUSED.has(key));

/** Bodies with numbers up to 2^53 and every type that both formats have. */
const { body } = fc.letrec<{ body: unknown }>((tie) => ({
  body: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(
      null,
      true,
      false,
      0,
      -1,
      23,
      24,
      255,
      256,
      65_535,
      65_536,
      -32,
      -33,
      -129,
      -32_769,
      -(2 ** 31) - 1,
    ),
    fc.maxSafeInteger(),
    fc.double({ noDefaultInfinity: false }),
    fc.float(),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('body'), { maxLength: 20 }),
    fc.dictionary(name, tie('body'), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

for (const codec of BOTH) {
  test(`${codec.name}: what was written is read again as it was`, () => {
    fc.assert(fc.property(body, (given) => assert.deepEqual(codec.decode(codec.encode(given)), given)));
  });
}

const OTHERS = [
  [cbor, cborEncode, cborDecode],
  [msgpack, msgpackEncode, msgpackDecode],
] as const;

for (const [codec, encode, decode] of OTHERS) {
  test(`${codec.name}: another implementation reads what this one writes, and this one what that one writes`, () => {
    fc.assert(
      fc.property(body, (given) => {
        assert.deepEqual(decode(new Uint8Array(codec.encode(given))), given);
        // The other one writes -0 as 0.
        const written = encode(given);
        assert.deepEqual(codec.decode(written), decode(written));
      }),
    );
  });
}

test('any bytes are a body or a refusal, and what is read is written and read again as the same', () => {
  for (const codec of BOTH) {
    const keep = under(codec, 'keep');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let read: unknown;
        try {
          read = keep.decode(bytes);
        } catch (thrown) {
          assert.ok(thrown instanceof SluiceError, String(thrown));
          return;
        }
        assert.deepEqual(keep.decode(keep.encode(read)), read);
      }),
      { numRuns: 20_000 },
    );
  }
});

test('msgpack: a timestamp is RFC 3339 with all its digits; a Date is a timestamp', () => {
  const read = (written: string): unknown => msgpack.decode(hex(written));
  assert.equal(read('d6ff00000000'), '1970-01-01T00:00:00Z');
  assert.equal(read('d7ff 0000000400000000'), '1970-01-01T00:00:00.000000001Z');
  assert.equal(read('c70cff 00000001 ffffffffffffffff'), '1969-12-31T23:59:59.000000001Z');
  for (const ms of [0, -1, 1_764_288_000_123, -62_167_219_200_000, 253_402_300_799_999]) {
    const date = new Date(ms);
    assert.equal(Date.parse(String(msgpack.decode(msgpack.encode(date)))), ms);
    assert.deepEqual(msgpackDecode(msgpack.encode(date)), date);
    assert.equal(Date.parse(String(cbor.decode(cbor.encode(date)))), ms);
  }
});

test('an integer beyond 2^53 is refused with a pointer, kept, or rounded, by the rule of the route', () => {
  for (const codec of BOTH) {
    for (const big of [2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n, -(2n ** 53n), -(2n ** 63n)]) {
      const bytes = codec.encode({ a: [1, big] });
      const { code, place } = refusal(() => codec.decode(bytes));
      assert.deepEqual([code, place.pointer], ['NUMBER_UNSAFE', '/a/1']);
      assert.deepEqual(under(codec, 'keep').decode(bytes), { a: [1, big] });
      assert.deepEqual(under(codec, 'exact').decode(bytes), { a: [1n, big] });
      assert.deepEqual(under(codec, 'round').decode(bytes), { a: [1, Number(big)] });
    }
  }
  assert.equal(under(cbor, 'keep').decode(cbor.encode(-(2n ** 200n))), -(2n ** 200n));
  assert.match(refusal(() => msgpack.encode(2n ** 64n)).message, /a bigint that is too large at \/$/);
  assert.match(refusal(() => cbor.encode(2n ** 4000n)).message, /a bigint that is too large/);
});

test('a depth bomb is refused at the bound of the route and never overflows the stack', () => {
  const bombs: readonly (readonly [typeof cbor, string, string])[] = [
    [cbor, '81', '00'],
    [cbor, '9f', ''],
    [cbor, 'a16161', '00'],
    [msgpack, '91', '00'],
    [msgpack, '81a161', '00'],
  ];
  for (const [codec, open, inner] of bombs) {
    assert.equal(refusal(() => codec.decode(hex(open.repeat(1_000_000) + inner))).code, 'BODY_TOO_DEEP');
    if (inner === '') continue;
    codec.decode(hex(open.repeat(1000) + inner));
    under(codec, 'reject', 2).decode(hex(open.repeat(2) + inner));
    const { code, place } = refusal(() => under(codec, 'reject', 2).decode(hex(open.repeat(3) + inner)));
    assert.equal(code, 'BODY_TOO_DEEP');
    assert.match(place.pointer ?? '', /^\/(0\/0|a\/a)$/);
  }
  for (const codec of BOTH) {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    assert.equal(refusal(() => codec.encode(deep)).code, 'BODY_TOO_DEEP');
    const loop: unknown[] = [];
    loop.push(loop);
    assert.equal(refusal(() => codec.encode(loop)).code, 'BODY_TOO_DEEP');
  }
});

test('a key that changes every object is refused both ways', () => {
  for (const codec of BOTH) {
    const plain = codec.encode({ a: { ctor: 1 } });
    assert.deepEqual(codec.decode(plain), { a: { ctor: 1 } });
    const proto: unknown = JSON.parse('{"__proto__":1}');
    const nested: unknown = JSON.parse('{"constructor":{"prototype":1}}');
    for (const given of [proto, nested]) {
      assert.equal(refusal(() => codec.encode(given)).code, 'BODY_UNSAFE');
      const bytes = codec === cbor ? cborEncode(given) : msgpackEncode(given);
      assert.equal(refusal(() => codec.decode(bytes)).code, 'BODY_UNSAFE');
    }
  }
});

test('a value that the format does not have is refused with its place, and never left out', () => {
  const throwing = {
    toJSON: () => {
      throw new Error('text of a body');
    },
  };
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ a: undefined }, /found undefined at \/a: leave it out, or return null$/],
    [[() => 1], /a function at \/0$/],
    [{ a: { b: new Map() } }, /a Map at \/a\/b$/],
    [new Date(NaN), /an invalid Date at \/$/],
    ['\uD800', /a text with half a surrogate pair/],
    [{ '\uD800': 1 }, /a key with half/],
    [new Float64Array(2), /an array of numbers/],
    [throwing, /whose toJSON throws/],
  ];
  for (const codec of BOTH) {
    for (const [given, found] of cases) {
      const { code, message } = refusal(() => codec.encode(given));
      assert.equal(code, 'ENCODE_FAILED');
      assert.match(message, found);
      assert.doesNotMatch(message, /text of a body/);
      assert.ok(message.startsWith(`expected a body that ${codec.name} can write`));
    }
    assert.deepEqual(codec.decode(codec.encode({ toJSON: () => ({ b: 1 }) })), { b: 1 });
    assert.deepEqual(codec.decode(codec.encode(Buffer.from([1]))), new Uint8Array([1]));
  }
});

test('what a function does to bytes of a body does not change the bytes of the message', () => {
  for (const codec of BOTH) {
    const bytes = codec.encode(new Uint8Array([1, 2, 3]));
    const before = [...bytes];
    (codec.decode(bytes) as Uint8Array).fill(0);
    assert.deepEqual([...bytes], before);
  }
});

test('the content type selects the codec, templates read its fields, and it is written again', async () => {
  const files = { 'functions/f.ts': 'export default (body) => ({ ...body, seen: true });' };
  await using run = await startMemoryRun({ files, stages: [{ function: 'f' }], from: { key: '{body.unit}' } });
  const given = { unit: 'u1', raw: new Uint8Array([1]) };
  await run.publish('a', cbor.encode(given), { contentType: 'application/senml+cbor' });
  await run.publish('a', msgpack.encode(given), { contentType: 'application/msgpack' });
  const frames = await run.take(2);
  assert.deepEqual(
    frames.map(({ key, contentType }) => [key, contentType]),
    [
      ['u1', 'application/cbor'],
      ['u1', 'application/vnd.msgpack'],
    ],
  );
  assert.deepEqual(cbor.decode(frames[0]?.body ?? new Uint8Array()), { ...given, seen: true });
  assert.deepEqual(msgpack.decode(frames[1]?.body ?? new Uint8Array()), { ...given, seen: true });
});

test('a body goes from codec to codec, and the schema of a route judges it whatever it came as', async () => {
  const schema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' }, at: { type: 'string' } } };
  await using run = await startMemoryRun({
    files: { 'schemas/s.v1.json': schema },
    stages: [{ validate: 's.v1' }],
    from: { codec: 'msgpack' },
    to: { codec: 'json' },
    route: { json: { numbers: 'exact' } },
  });
  await run.publish('a', msgpack.encode({ n: 2n ** 63n, at: new Date(0) }));
  await run.publish('a', msgpack.encode({ n: 'no' }));
  const [frame] = await run.take(1);
  assert.equal(Buffer.from(frame?.body ?? []).toString(), '{"n":9223372036854775808,"at":"1970-01-01T00:00:00Z"}');
  await run.rest(2);
  assert.equal(run.letters()[0]?.['code'], 'SCHEMA_INVALID');
});
