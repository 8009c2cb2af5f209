import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_struct,
} from '@bufbuild/protobuf/wkt';
import { CodecFlaws } from '../../runtime/contract/schema-codec.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { protobuf } from '../../runtime/codecs/protobuf/protobuf.ts';
import { FLEET } from './fleet.ts';
import { hex } from './refusal.ts';

const RULES = { numbers: 'reject', depth: 1000 } as const;
const codec = protobuf({
  schema: { name: 'fleet.v1', content: FLEET },
  options: { message: 'fleet.Track' },
  rules: RULES,
});

const BODY = {
  id: 'a',
  serialNumber: '9223372036854775807',
  lat: 1.5,
  kind: 'SHIP',
  raw: 'AQI=',
  at: '2026-11-28T00:00:00.000000001Z',
  tags: { a: 'b' },
  next: { id: '', serialNumber: '0', lat: 0, kind: 'CAR', raw: '', tags: {}, n: 0 },
  n: -1,
};

function codeOf(run: () => unknown): readonly [string, string] {
  try {
    run();
  } catch (thrown) {
    assert.ok(thrown instanceof Error);
    assert.equal(thrown.cause, undefined, 'a cause could quote the body');
    return [thrown instanceof SluiceError ? thrown.code : 'Error', thrown.message];
  }
  throw new assert.AssertionError({ message: 'expected a refusal' });
}

test('protobuf: bodies are ProtoJSON, with every field that has no presence, and are read again as they were', () => {
  assert.deepEqual(codec.decode(codec.encode(BODY)), BODY);
  assert.deepEqual(codec.decode(new Uint8Array()), {
    id: '',
    serialNumber: '0',
    lat: 0,
    kind: 'CAR',
    raw: '',
    tags: {},
    n: 0,
  });
  assert.equal(Buffer.from(codec.encode({ id: 'a' })).toString('hex'), '0a0161');
});

test('protobuf: bytes, bigints, dates, NaN and infinity of a function are written', () => {
  const given = { serialNumber: 2n ** 63n - 1n, raw: new Uint8Array([1, 2]), at: new Date(0), lat: Infinity };
  const read = codec.decode(codec.encode(given));
  assert.deepEqual(read, {
    id: '',
    serialNumber: '9223372036854775807',
    lat: 'Infinity',
    kind: 'CAR',
    raw: 'AQI=',
    at: '1970-01-01T00:00:00Z',
    tags: {},
    n: 0,
  });
});

test('protobuf: a body that does not fit is refused by the name of the field, and nothing of it is quoted or left out', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ lat: 's3cret' }, /^a value that the field fleet.Track.lat does not hold$/],
    [{ s3cret: 1 }, /^a field that fleet.Track does not have$/],
    [{ next: { s3cret: 1 } }, /^a field that fleet.Track does not have$/],
    [{ kind: 's3cret' }, /fleet.(Track.kind|Kind) does not hold/],
    [{ serialNumber: 2n ** 63n }, /fleet.Track.serial_number does not hold/],
    [{ at: 's3cret' }, /fleet.Track.at does not hold|no fleet.Track/],
    [['s3cret'], /^a body that is no fleet.Track$/],
    [{ id: undefined }, /found undefined at \/id/],
    [{ id: () => 1 }, /a function at \/id/],
    [{ tags: JSON.parse('{"__proto__":"s3cret"}') as object }, /a __proto__ key/],
  ];
  for (const [given, found] of cases) {
    const [, message] = codeOf(() => codec.encode(given));
    assert.match(message, found);
    assert.doesNotMatch(message, /s3cret(?!.*at \/)/);
  }
});

test('protobuf: malformed bytes, deep ones and dangerous keys are refused', () => {
  for (const bytes of ['0a05 61', 'ff', '0a01ff', '07', '3a020a05']) {
    const [code, message] = codeOf(() => codec.decode(hex(bytes)));
    assert.equal(code, 'Error', bytes);
    assert.match(message, /^bytes that are no fleet.Track/);
  }
  let deep = Buffer.from('0a0161', 'hex');
  for (let level = 0; level < 120; level += 1) {
    const length = [deep.length & 0x7f, deep.length >> 7];
    deep = Buffer.concat([
      Buffer.from(deep.length < 128 ? [0x42, deep.length] : [0x42, (length[0] ?? 0) | 0x80, length[1] ?? 0]),
      deep,
    ]);
  }
  assert.equal(codeOf(() => codec.decode(deep))[0], 'BODY_TOO_DEEP');
  const key = Buffer.from('__proto__');
  const entry = Buffer.concat([Buffer.from([0x0a, key.length]), key, Buffer.from('120161', 'hex')]);
  const bytes = Buffer.concat([Buffer.from([0x3a, entry.length]), entry]);
  assert.equal(codeOf(() => codec.decode(bytes))[0], 'BODY_UNSAFE');
});

test('protobuf: a message or descriptor set that is not there is told with what to write', () => {
  const make = (content: Uint8Array, message: string) => () =>
    protobuf({ schema: { name: 'fleet.v1', content }, options: { message }, rules: RULES });
  const flawOf = (run: () => unknown) => {
    try {
      run();
    } catch (thrown) {
      assert.ok(thrown instanceof CodecFlaws);
      return thrown.flaws[0];
    }
    return undefined;
  };
  const unknown = flawOf(make(FLEET, 'fleet.Trakc'));
  assert.deepEqual([unknown?.at, unknown?.write, unknown?.file], ['message', 'message: fleet.Track', undefined]);
  assert.equal(flawOf(make(FLEET, 'Track'))?.write, 'message: fleet.Track');
  assert.match(flawOf(make(Buffer.from('syntax = "proto3";'), 'a.B'))?.write ?? '', /--include_imports/);
});

/** `message M { required string id = 1; extensions 100 to 999; }`, extended by `optional int32 ext = 100`, and a struct. */
const EXTENDED = toBinary(
  FileDescriptorSetSchema,
  create(FileDescriptorSetSchema, {
    file: [
      file_google_protobuf_struct.proto,
      create(FileDescriptorProtoSchema, {
        name: 'a.proto',
        package: 'p',
        syntax: 'proto2',
        dependency: ['google/protobuf/struct.proto'],
        messageType: [
          {
            name: 'M',
            extensionRange: [{ start: 100, end: 1000 }],
            field: [
              { name: 'id', jsonName: 'id', number: 1, type: Type.STRING, label: Label.REQUIRED },
              {
                name: 'any',
                jsonName: 'any',
                number: 2,
                type: Type.MESSAGE,
                typeName: '.google.protobuf.Struct',
                label: Label.OPTIONAL,
              },
            ],
          },
        ],
        extension: [
          { name: 'ext', jsonName: 'ext', number: 100, type: Type.INT32, extendee: '.p.M', label: Label.OPTIONAL },
        ],
      }),
    ],
  }),
);

test('protobuf: an extension that the descriptor set has is part of the body, and a bigint in a struct is a number', () => {
  const made = protobuf({ schema: { name: 'a.v1', content: EXTENDED }, options: { message: 'p.M' }, rules: RULES });
  const body = { id: 'a', '[p.ext]': 5, any: { n: 7 } };
  assert.deepEqual(made.decode(made.encode({ ...body, any: { n: 7n } })), body);
  // A field that it does not have is left out.
  assert.deepEqual(made.decode(hex('0a0161 a00605 a80607')), { id: 'a', '[p.ext]': 5 });
});

test('protobuf: an object without fields of its own is refused, and the result of toJSON written', () => {
  for (const value of [new Map(), /a/, new Error('s3cret'), new ArrayBuffer(1), new Float32Array(1)])
    assert.equal(codeOf(() => codec.encode({ next: value }))[0], 'ENCODE_FAILED');
  assert.deepEqual(codec.decode(codec.encode({ toJSON: () => BODY })), BODY);
});
