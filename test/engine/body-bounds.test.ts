import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '../../runtime/codecs/json.ts';
import { type EventLoopWatchdog, STEPS } from '../../runtime/contract/event-loop-watchdog.ts';
import { validateStage } from '../../runtime/stages/validate.ts';
import { schemaCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import { compileTemplate } from '../../runtime/template/compile-template.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, stageThat, started } from './started-route.ts';

const DEEP = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
const JSON_ROUTE = { decoding: () => json, encoding: () => json };

test('a body larger than maxBody is refused before it is decoded, with its bytes; one of exactly that size passes', async () => {
  const decoded: number[] = [];
  const codec = {
    ...json,
    decode: (bytes: Uint8Array) => {
      decoded.push(bytes.length);
      return json.decode(bytes);
    },
  };
  const frames = [frameForTest('a/x', '"1234567"'), frameForTest('a/x', '"12345678"')];
  const { sink, letters } = started(frames, { ...JSON_ROUTE, decoding: () => codec, maxBodyBytes: 9 });
  await settleNow();
  assert.deepEqual([bodies(sink.sent), decoded], [['"1234567"'], [9]]);
  assert.deepEqual(
    letters.map(({ failure, frame, attempts }) => [failure.code, failure.verdict, String(frame.body), attempts]),
    [['BODY_TOO_LARGE', 'reject', '"12345678"', 1]],
  );
  assert.match(letters[0]?.failure.message ?? '', /expected a body of at most 9 bytes, found 10$/);
});

test('maxBody is 8 MiB where anything looks at the body, what the file says wherever it says so, and else none', async () => {
  const large = `"${'a'.repeat(8 * 1024 * 1024)}"`;
  for (const [parts, code] of [
    [{}, undefined],
    [{ from: { maxBody: '8MiB' } }, 'BODY_TOO_LARGE'],
    [{ from: { maxBody: '9MiB' }, to: { headers: { set: { n: '{body.n}' } } } }, 'HEADER_MISSING'],
    [{ to: { headers: { set: { n: '{body.n}' } } } }, 'BODY_TOO_LARGE'],
    [{ stages: [{ validate: 's' }], files: { 'schemas/s.json': {} } }, 'BODY_TOO_LARGE'],
  ] as const) {
    await using run = await startMemoryRun(parts);
    await run.publish('a', large);
    const { deadLettered } = await run.rest(1);
    assert.deepEqual([deadLettered, run.letters()[0]?.['code']], code === undefined ? [0, undefined] : [1, code]);
  }
});

test('a body nested a million deep passes where nothing walks it, and is a dead letter with a clear code where something does', async () => {
  const list = { $id: 'https://example.org/list', type: 'array', items: { $ref: 'https://example.org/list' } };
  const validate = validateStage('list', schemaCompiler([{ name: 'list', schema: list }]).compile('list'));
  const again = stageThat((message) => ({ ...message, body: [message.body] }));
  const use = {
    route: 'r',
    source: { separator: '/', decode: (level: string) => level },
    target: undefined,
    missing: 'KEY_MISSING',
  } as const;
  for (const [parts, found] of [
    [{ encoding: undefined }, []],
    [{ key: compileTemplate('{body.0}', use), encoding: undefined }, ['KEY_MISSING in undefined']],
    [{ stages: [validate], encoding: undefined }, ['BODY_TOO_DEEP in validate list']],
    [{ stages: [again] }, ['BODY_TOO_DEEP in encode']],
  ] as const) {
    const { letters, source, clock } = started([frameForTest('a/x', DEEP)], { ...JSON_ROUTE, ...parts });
    await clock.play(() => source.settled.size === 1);
    assert.deepEqual(
      letters.map(
        ({ failure, attempts }) => `${failure.code} in ${failure.place.stage}${attempts > 1 ? ', again' : ''}`,
      ),
      found,
    );
  }
});

for (const isolate of ['none', 'worker']) {
  test(`a function that gets or makes a body nested a million deep ends nothing but its message: isolate ${isolate}`, async () => {
    const source = `export default (body) => {
      if (!Array.isArray(body)) return { fine: true };
      let deep = [];
      for (let n = 0; n < 1_000_000; n += 1) deep = [deep];
      return deep;
    };`;
    await using run = await startMemoryRun({
      files: { 'functions/f.ts': source },
      stages: [{ function: 'f', isolate }],
      route: { retry: { attempts: 1 } },
    });
    await run.publish('a', DEEP);
    await run.publish('a', '[]');
    await run.publish('a', '{}');
    const [frame] = await run.take(1);
    assert.equal(String(frame?.body), '{"fine":true}');
    const { deadLettered } = await run.rest(3);
    assert.equal(deadLettered, 2);
    for (const { code } of run.letters())
      assert.ok(['BODY_TOO_DEEP', 'TRANSFORM_UNCLONEABLE'].includes(String(code)), String(code));
  });
}

test('the watching thread is told of every step that looks at a body, decoding and encoding among them', async () => {
  const told: (readonly [step: number, id: string] | 'end')[] = [];
  const eventLoopWatchdog: EventLoopWatchdog = {
    begin: (step, { id }) => void told.push([step, id]),
    end: () => void told.push('end'),
  };
  const stage = stageThat((message) => message);
  const frames = [frameForTest('a/x', '1'), frameForTest('a/x', '{')];
  const { clock, source } = started(frames, { ...JSON_ROUTE, stages: [stage], eventLoopWatchdog });
  await clock.play(() => source.settled.size === 2);
  assert.deepEqual(told, [
    [STEPS.decode, 's:1'],
    'end',
    [0, 's:1'],
    'end',
    [STEPS.encode, 's:1'],
    'end',
    [STEPS.decode, 's:2'],
    'end',
  ]);
});
