import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytes } from '../../runtime/codecs/bytes.ts';
import { codecsFor } from '../../runtime/codecs/by-content-type.ts';
import { json, MAX_DEPTH } from '../../runtime/codecs/json.ts';
import { text } from '../../runtime/codecs/text.ts';
import type { Codec } from '../../runtime/contract/codec.ts';
import { startMemoryRun } from '../host/memory-run.ts';

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    assert.ok(thrown instanceof Error);
    assert.equal(thrown.cause, undefined, 'a cause could quote the payload');
    return thrown.message;
  }
  throw new assert.AssertionError({ message: 'expected it to throw' });
}

/** Keys that change every object are refused, in a test of their own: json-keys. */
const REFUSED_KEY = /"(__proto__|prototype)":/;

const CONFORMANCE_TESTS: readonly (readonly [Codec, fc.Arbitrary<unknown>])[] = [
  // As JSON itself writes them: it has no negative zero.
  [
    json,
    fc
      .jsonValue({ noUnicodeString: false })
      .map((value) => JSON.stringify(value))
      .filter((written) => !REFUSED_KEY.test(written))
      .map((written): unknown => JSON.parse(written)),
  ],
  [text, fc.string({ unit: 'binary' })],
  [bytes, fc.uint8Array()],
];

for (const [codec, bodies] of CONFORMANCE_TESTS) {
  test(`${codec.name}: what was written is read again as it was`, () => {
    fc.assert(
      fc.property(bodies, (body) => {
        assert.deepEqual(codec.decode(codec.encode(body)), body);
      }),
    );
  });
}

test('text: a byte order mark is text; half a surrogate pair is refused, not replaced', () => {
  assert.equal(text.decode(text.encode('\uFEFFabc')), '\uFEFFabc');
  assert.equal(
    messageOf(() => text.encode('secret \uD800')),
    'text with half a surrogate pair',
  );
});

test('json: a byte order mark before it is no part of it', () => {
  assert.deepEqual(json.decode(Buffer.from('\uFEFF{"a":1}')), { a: 1 });
});

test('json: bytes that are no UTF-8 are told as such', () => {
  assert.equal(
    messageOf(() => json.decode(Buffer.from([0x22, 0xff, 0x22]))),
    'bytes that are not UTF-8',
  );
  assert.equal(
    messageOf(() => text.decode(Buffer.from([0xc3]))),
    'bytes that are not UTF-8',
  );
});

test('json: an error says where, as far as that is known', () => {
  const said = (body: string): string => messageOf(() => json.decode(Buffer.from(body)));
  assert.equal(said(''), 'an empty body');
  assert.equal(said('{"a" "b"}'), 'no JSON from character 5 on');
  assert.equal(said('[1,2'), 'JSON that ends too early, after 4 characters');
  assert.equal(said('hello'), 'text that is no JSON');
});

test('json: an error never quotes the payload, not even a payload that looks like an error', () => {
  const said = (body: string): string => messageOf(() => json.decode(Buffer.from(body)));
  assert.equal(said('x in JSON at position 31337'), 'text that is no JSON');
  assert.equal(said('x in JSON at position 31337 (line 1 column 6)'), 'text that is no JSON');
  assert.equal(said('Unexpected end of JSON at position 31337'), 'text that is no JSON');
  const broken = fc
    .tuple(fc.jsonValue(), fc.string(), fc.integer({ min: 0 }))
    .map(([value, noise, at]) => `${JSON.stringify(value).slice(0, at)}S3CRET${noise}`)
    .filter((body) => {
      try {
        JSON.parse(body);
        return false;
      } catch {
        return true;
      }
    });
  fc.assert(
    fc.property(broken, (body) => {
      assert.match(
        said(body),
        /^(an empty body|no JSON from character \d+ on|JSON that ends too early, after \d+ characters|text that is no JSON)$/,
      );
    }),
  );
});

test('what a codec cannot write is told by its kind', () => {
  const loop: Record<string, unknown> = {};
  loop['again'] = loop;
  const cases: readonly (readonly [Codec, unknown, RegExp])[] = [
    [json, undefined, /found undefined at \/: leave it out, or write null$/],
    [json, () => 'secret', /found a function at \/$/],
    [json, { n: 1n }, /found a bigint at \/n: write json: \{ numbers: exact \}/],
    [json, loop, /found an object that contains itself at \/again$/],
    [
      json,
      {
        toJSON: () => {
          throw new Error('secret');
        },
      },
      /found a value whose toJSON throws at \/$/,
    ],
    [text, { secret: 1 }, /^a object$/],
    [text, null, /^a null$/],
    [bytes, 'secret', /^a string$/],
  ];
  for (const [codec, body, expected] of cases) {
    const message = messageOf(() => codec.encode(body));
    assert.match(message, expected);
    assert.doesNotMatch(message, /secret/);
  }
});

/** `[[[...]]]`, or objects within objects. */
function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let body: unknown = 'secret';
  for (let level = 0; level < levels; level += 1) body = wrap(body);
  return body;
}

test('json: a body that is nested too deeply is refused as that, with its depth and the bound, under a code of its own', () => {
  const wraps = [(inner: unknown) => [inner], (inner: unknown) => ({ a: 1, b: inner })];
  for (const wrap of wraps) {
    assert.ok(json.encode(nested(MAX_DEPTH, wrap)).length > MAX_DEPTH);
    for (const [levels, said] of [
      [50_000, '50000 levels'],
      [3_000_000, '\\d+ levels or more'],
    ] as const) {
      assert.throws(() => json.encode(nested(levels, wrap)), {
        code: 'BODY_TOO_DEEP',
        message: new RegExp(
          `^expected a body that json can write, found a body nested too deeply: ${said}; up to 1000 `,
        ),
      });
    }
  }
});

test('a body that its function nested too deeply is a dead letter with that code, and those behind it go on', async () => {
  const source = `export default (body) => {
    if (!body.deep) return body;
    let made = 1;
    for (let level = 0; level < 100000; level += 1) made = [made];
    return made;
  };`;
  await using run = await startMemoryRun({ files: { 'functions/f.ts': source }, stages: [{ function: 'f' }] });
  await run.publish('a', '{"deep":true}');
  await run.publish('a', '{"deep":false}');
  assert.equal((await run.take(1)).length, 1);
  await run.rest(2);
  const [letter] = run.letters();
  assert.deepEqual([letter?.['code'], letter?.['stage']], ['BODY_TOO_DEEP', 'encode']);
});

test('the content type chooses the codec, JSON where it says nothing', () => {
  const names = [
    undefined,
    '',
    'application/json',
    'Application/JSON; charset=utf-8',
    'text/plain',
    'TEXT/csv;header=present',
    'application/octet-stream',
    'text',
    'text;charset=utf-8',
  ];
  assert.deepEqual(
    names.map((type) => codecsFor([json, text, bytes], { numbers: 'reject', depth: 1000 }).byContentType(type).name),
    ['json', 'json', 'json', 'json', 'text', 'text', 'bytes', 'json', 'json'],
  );
});

test('a route without stages forwards bytes that are nothing, untouched', async () => {
  await using run = await startMemoryRun({});
  const body = Uint8Array.from({ length: 256 }, (_, n) => n);
  await run.publish('a', body);
  await run.publish('b', new Uint8Array());
  const frames = await run.take(2);
  assert.deepEqual(
    frames.map((frame) => [...(frame.body ?? [])]),
    [[...body], []],
  );
});

test('a message of each codec passes a function in its own form', async () => {
  await using run = await startMemoryRun({
    files: {
      'functions/f.ts':
        "export default (body) => typeof body === 'string' ? body.toUpperCase() : body instanceof Uint8Array ? body.toReversed() : { ...body, seen: true };",
    },
    stages: [{ function: 'f' }],
  });
  await run.publish('a', 'abc', { contentType: 'text/plain' });
  await run.publish('a', new Uint8Array([1, 2]), { contentType: 'application/octet-stream' });
  await run.publish('a', '{"n":1}');
  await run.publish('a', 'abc');
  const frames = await run.take(3);
  assert.deepEqual(
    frames.map(({ body }) => Buffer.from(body ?? []).toString('latin1')),
    ['ABC', '\u0002\u0001', '{"n":1,"seen":true}'],
  );
  assert.equal((await run.rest(4)).deadLettered, 1);
  const [letter] = run.letters();
  assert.equal(letter?.['code'], 'DECODE_FAILED');
  assert.equal(letter?.['text'], 'expected json, found text that is no JSON');
  assert.equal(letter?.['stage'], 'decode');
});

test('codec words of the route win over content types, and recode where they differ', async () => {
  await using run = await startMemoryRun({ from: { codec: 'text' }, to: { codec: 'json' } });
  await run.publish('a', 'no "JSON"', { contentType: 'application/json' });
  const [frame] = await run.take(1);
  assert.equal(Buffer.from(frame?.body ?? []).toString(), String.raw`"no \"JSON\""`);
  assert.equal(frame?.contentType, 'application/json');
});
