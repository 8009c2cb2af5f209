import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JSON_CODECS } from '../../runtime/codecs/json.ts';
import { isPlainText } from '../../runtime/codecs/json-plain.ts';
import { readJson } from '../../runtime/codecs/json-reader.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { distinctKeys, jsonText, stringText } from './json-texts.ts';

const CODECS = Object.entries(JSON_CODECS);

function refusal(run: () => unknown): readonly unknown[] | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof SluiceError, String(thrown));
    return [thrown.code, thrown.place.pointer];
  }
}

const asDouble = (text: string): number => Number(text);

test('a duplicate key is refused by every rule for numbers, at any depth, however it is spelled', () => {
  const cases: readonly (readonly [text: string, pointer: string])[] = [
    ['{"a":1,"a":1}', '/a'],
    ['{"a":1,"b":{"c":[{"d":1, "e":"x : y", "d" : 2}]}}', '/b/c/0/d'],
    [String.raw`{"a":1,"\u0061":2}`, '/a'],
    ['{"":1,"":2}', '/'],
    ['{"a":{"a":1},"b":2,"a":{}}', '/a'],
    ['{"time":"12:30:00","note":"\\":","time"\n\t :0}', '/time'],
    ['{"1":0,"x":0,"1":0}', '/1'],
  ];
  for (const [name, codec] of CODECS) {
    for (const [text, pointer] of cases) {
      assert.deepEqual(
        refusal(() => codec.decode(Buffer.from(text))),
        ['DECODE_FAILED', pointer],
        `${name} ${text}`,
      );
    }
  }
});

test('a body without duplicate keys is not refused for one, whatever its texts look like', () => {
  fc.assert(
    fc.property(jsonText(distinctKeys(), true), (text) => {
      assert.equal(
        refusal(() => JSON_CODECS.exact.decode(Buffer.from(text))),
        undefined,
      );
    }),
  );
});

/** V8 may misread a key with an escape (see json-plain.ts): its result then has a key with a backslash, and is no measure. */
function readSame(text: string, body: unknown): void {
  const read = readJson(text, asDouble);
  const isMeasure = !JSON.stringify(body, (_, value: unknown) => keysOf(value)).includes('\\\\');
  if (isMeasure || isPlainText(text, body, Number.POSITIVE_INFINITY)) assert.deepEqual(read, body);
}

/** An object with its keys in place of its texts: only they are looked at. */
function keysOf(value: unknown): unknown {
  return typeof value === 'string' ? '' : value;
}

test('the fast look passes nothing that the reader refuses, and the reader reads what JSON.parse reads', () => {
  const keys = fc.oneof(
    stringText,
    fc.constantFrom('"a"', '"b"', '"a"', '"constructor"', '"prototype"', '"__proto__"'),
  );
  fc.assert(
    fc.property(jsonText(keys, true), (text) => {
      const body: unknown = JSON.parse(text);
      const failure = refusal(() => readSame(text, body));
      const isPlain = isPlainText(text, body, Number.POSITIVE_INFINITY);
      if (failure !== undefined) assert.equal(isPlain, false);
      const [code] = failure ?? refusal(() => JSON_CODECS.reject.decode(Buffer.from(text))) ?? [];
      if (code === 'NUMBER_UNSAFE') assert.equal(isPlainText(text, body, 2 ** 53), false);
    }),
    { numRuns: 3000 },
  );
});

/** As the usual libraries merged before they were mended. */
const MERGE = `
export function merge(target, source) {
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (typeof value === 'object' && value !== null) {
      const inner = target[key];
      target[key] = merge(typeof inner === 'object' || typeof inner === 'function' ? inner : {}, value);
    } else target[key] = value;
  }
  return target;
}`;

const HOSTILE: readonly (readonly [text: string, pointer: string])[] = [
  ['{"__proto__":{"polluted":2}}', '/__proto__'],
  [String.raw`{"\u005f_pr\u006fto__":{"polluted":2}}`, '/__proto__'],
  ['{"a":[{"b":{"__proto__":{"polluted":2}}}]}', '/a/0/b/__proto__'],
  ['{"constructor":{"prototype":{"polluted":2}}}', '/constructor/prototype'],
  ['{"a":{"constructor":{"x":1,"prototype":{"polluted":2}}}}', '/a/constructor/prototype'],
];

test('a body that would change every object once it is merged is refused, at any depth, under every rule for numbers', () => {
  for (const [name, codec] of CODECS) {
    for (const [text, pointer] of HOSTILE) {
      assert.deepEqual(
        refusal(() => codec.decode(Buffer.from(text))),
        ['BODY_UNSAFE', pointer],
        `${name} ${text}`,
      );
    }
    for (const harmless of [
      '{"constructor":"Volvo"}',
      '{"prototype":1}',
      '{"constructor":{"name":1}}',
      '["__proto__"]',
      '{"constructor":[{"prototype":1}]}',
    ]) {
      assert.equal(
        refusal(() => codec.decode(Buffer.from(harmless))),
        undefined,
        harmless,
      );
    }
  }
});

test('a route whose function merges bodies changes no other object, whichever way it merges', async () => {
  await using run = await startMemoryRun({
    files: {
      'functions/merge.ts': MERGE,
      'functions/f.ts': `import { merge } from './merge.ts';
        const seen = {};
        export default (body) => {
          merge(seen, body);
          return { own: Object.assign({}, body, { ...body }), polluted: String(({}).polluted) };
        };`,
    },
    stages: [{ function: 'f' }],
  });
  for (const [text] of HOSTILE) await run.publish('a', text);
  await run.publish('a', '{"constructor":"Volvo"}');
  const [frame] = await run.take(1);
  assert.equal(Buffer.from(frame?.body ?? []).toString(), '{"own":{"constructor":"Volvo"},"polluted":"undefined"}');
  assert.equal((await run.rest(HOSTILE.length + 1)).deadLettered, HOSTILE.length);
  assert.deepEqual(
    run.letters().map((letter) => [letter['code'], letter['stage'], letter['pointer']]),
    HOSTILE.map(([, pointer]) => ['BODY_UNSAFE', 'decode', pointer]),
  );
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('a body that is validated is refused too where a reader may take it for another one', async () => {
  await using run = await startMemoryRun({
    files: { 'schemas/s.json': { type: 'object', properties: { a: { maximum: 5 } } } },
    stages: [{ validate: 's' }],
  });
  await run.publish('a', '{"a":9,"a":1}');
  assert.equal((await run.rest(1)).deadLettered, 1);
  assert.equal(run.letters()[0]?.['code'], 'DECODE_FAILED');
});
