import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '#contract/message.ts';
import { durationMs } from '#kit/quantity.ts';
import { functionStage } from '../../runtime/stages/function.ts';
import { patient } from '../harness/patience.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { bodies, FAST, runOf } from './function-run.ts';

test('what a function returns goes out, and its TypeScript needs no build', async () => {
  await using run = await runOf(`
    interface In { readonly n: number }
    export default function double({ n }: In): { n: number } { return { n: n * 2 } satisfies In; }
  `);
  await run.publish('a', '{"n":21}');
  assert.deepEqual(await bodies(run, 1), [{ n: 42 }]);
});

test('a function that returns undefined rejects its message and says that a return is missing', async () => {
  await using run = await runOf('export default (body) => { body.n += 1; };');
  await run.publish('a', '{"n":1}');
  const { deadLettered, retries } = await run.rest(1);
  assert.deepEqual({ deadLettered, retries }, { deadLettered: 1, retries: 0 });
  const [letter] = run.letters();
  assert.equal(letter?.['code'], 'TRANSFORM_NO_RETURN');
  assert.equal(letter?.['stage'], 'function f');
});

test('a promise of undefined is no result either, nor is an emitted undefined, nor emitting nothing', async () => {
  await using run = await runOf(`
    import { emit } from 'sluice';
    export default async (body) => {
      if (body === 'nothing') return;
      return body === 'none' ? emit() : emit({ n: 1 }, undefined);
    };
  `);
  for (const body of ['"nothing"', '"none"', '"undefined"']) await run.publish('a', body);
  assert.equal((await run.rest(3)).deadLettered, 3);
  assert.deepEqual(
    run.letters().map(({ code }) => code),
    Array<string>(3).fill('TRANSFORM_NO_RETURN'),
  );
});

test('null, false, 0 and an empty text are bodies', async () => {
  await using run = await runOf('export default (body) => body.value;');
  for (const value of [null, false, 0, '']) await run.publish('a', JSON.stringify({ value }));
  assert.deepEqual(await bodies(run, 4), [null, false, 0, '']);
});

test('emit makes several messages of one, in order, each under an id of its own', async () => {
  await using run = await runOf(
    "import { emit } from 'sluice';\nexport default (list: unknown[]) => emit(...list.map((n) => ({ n })));",
  );
  await run.publish('a', '[1,2,3]');
  const frames = await run.take(3);
  assert.deepEqual(
    frames.map(({ body }) => Buffer.from(body ?? []).toString()),
    ['{"n":1}', '{"n":2}', '{"n":3}'],
  );
  const ids = frames.map(({ id }) => id ?? '');
  assert.deepEqual(
    ids.map((id) => id.slice(-2)),
    ['.0', '.1', '.2'],
  );
  const { delivered, sent } = await run.rest(1);
  assert.deepEqual({ delivered, sent }, { delivered: 1, sent: 3 });
});

test('drop ends a message on purpose: counted, accepted, no dead letter', async () => {
  await using run = await runOf("import { drop } from 'sluice';\nexport default () => drop('not ours');");
  await run.publish('a', '{}');
  const { dropped, deadLettered } = await run.rest(1);
  assert.deepEqual({ dropped, deadLettered }, { dropped: 1, deadLettered: 0 });
});

test('reject makes a dead letter at the first try, with the reason', async () => {
  await using run = await runOf("import { reject } from 'sluice';\nexport default () => reject('no such unit');");
  await run.publish('a', '{}');
  await run.rest(1);
  const [letter] = run.letters();
  assert.equal(letter?.['code'], 'TRANSFORM_REJECTED');
  assert.equal(letter?.['attempts'], 1);
  assert.match(String(letter?.['text']), /no such unit/);
});

test('a function that throws is tried again, the tries counted from 1, and its message then a dead letter with file, line and column', async () => {
  const source = [
    "import { seen } from './seen';",
    'export default (body, context) => {',
    '  seen.push(context.attempt);',
    '  if (body.ask === true) return { seen };',
    "  throw new RangeError('too far');",
    '};',
  ].join('\n');
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': source, 'functions/seen.ts': 'export const seen: number[] = [];' },
    stages: [{ function: 'f' }],
    route: FAST,
  });
  await run.publish('a', '{}');
  const { deadLettered, retries } = await run.rest(1);
  assert.deepEqual({ deadLettered, retries }, { deadLettered: 1, retries: 2 });
  const [letter] = run.letters();
  assert.equal(letter?.['code'], 'TRANSFORM_THREW');
  assert.equal(letter?.['attempts'], 3);
  assert.equal(letter?.['position'], 'functions/f.ts:5:9');
  assert.match(String(letter?.['text']), /RangeError: too far/);
  assert.match(String(letter?.['cause']), /functions\/f\.ts:5:9/);
  await run.publish('a', '{"ask":true}');
  assert.deepEqual(await bodies(run, 1), [{ seen: [1, 2, 3, 1] }]);
});

test('a rejected promise names its place too, and the neighbour file that threw', async () => {
  await using run = await startMemoryRun({
    files: {
      'functions/f.ts':
        "import { far } from './lib/far.ts';\nexport default async (body) => { await null; return far(body); };",
      'functions/lib/far.ts':
        '\n\n  export function far(body: unknown): never {\n    throw new Error(typeof body);\n  }',
    },
    stages: [{ function: 'f' }],
    route: FAST,
  });
  await run.publish('a', '{}');
  await run.rest(1);
  assert.equal(run.letters()[0]?.['position'], 'functions/lib/far.ts:4:11');
});

test('whatever is thrown, even what is no error, ends as its own message', async () => {
  await using run = await runOf(
    "export default (body) => { throw body === 'null' ? null : body === 'stack' ? Object.assign(new Error('x'), { stack: 5 }) : body; };",
  );
  for (const body of ['"null"', '"stack"', '"text"', '7']) await run.publish('a', body);
  assert.equal((await run.rest(4)).deadLettered, 4);
  assert.deepEqual(
    run.letters().map(({ code }) => code),
    Array<string>(4).fill('TRANSFORM_THREW'),
  );
});

test('a function that never resolves times out at its deadline, aborts its signal and harms no other key', async () => {
  await using run = await runOf(
    `
    export default (body, { key, signal, attempt }) => {
      if (key !== 'stuck') return { key };
      if (attempt === 1) return new Promise(() => signal.addEventListener('abort', () => { body.aborted = true; }));
      return new Promise(() => {});
    };
  `,
    { stage: { timeout: `${patient(60)}ms` }, route: { retry: { attempts: 2, backoff: '1ms..5ms' } } },
  );
  const startMs = performance.now();
  await run.publish('stuck', '{}');
  for (let n = 0; n < 20; n += 1) await run.publish(`k${n}`, '{}');
  assert.equal((await run.take(20)).length, 20);
  assert.ok(performance.now() - startMs < patient(60), 'the others did not wait for it');
  const { deadLettered, delivered } = await run.rest(21);
  assert.deepEqual({ deadLettered, delivered }, { deadLettered: 1, delivered: 20 });
  assert.ok(performance.now() - startMs >= patient(120), 'two tries of 60 ms each');
  assert.equal(run.letters()[0]?.['code'], 'TRANSFORM_TIMEOUT');
});

test('while one message of a key waits, later ones of the key wait behind it', async () => {
  await using run = await runOf(
    'export default async (body) => { if (body.n === 1) await new Promise((done) => setTimeout(done, 50)); return body; };',
  );
  for (const n of [1, 2, 3]) await run.publish('a', JSON.stringify({ n }));
  assert.deepEqual(await bodies(run, 3), [{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test('a result that comes after the deadline is ignored, and so is a late error', async () => {
  await using run = await runOf(
    `
    export default async (body, { attempt }) => {
      if (attempt === 1) {
        await new Promise((done) => setTimeout(done, ${patient(80)}));
        if (body.fail) throw new Error('late');
      }
      return { attempt };
    };
  `,
    { stage: { timeout: `${patient(30)}ms` } },
  );
  await run.publish('a', '{}');
  await run.publish('b', '{"fail":true}');
  assert.deepEqual(await bodies(run, 2), [{ attempt: 2 }, { attempt: 2 }]);
  // Until what was late has come.
  await new Promise((done) => setTimeout(done, patient(100)));
  const { sent, delivered } = await run.rest(2);
  assert.deepEqual({ sent, delivered }, { sent: 2, delivered: 2 });
});

test('a timeout longer than a timer of Node can be set for is not none', async () => {
  const stage = functionStage({
    name: 'f',
    labels: undefined,
    log: { info() {}, warn() {}, error() {} },
    transform: async (body) => {
      await new Promise((done) => setTimeout(done, 20));
      return body;
    },
    options: {},
    timeoutMs: durationMs('60d'),
    pipeline: 'p',
    route: 'r',
    explain: () => ({ position: undefined, stack: undefined }),
  });
  const message = { id: '1', address: 'a', key: undefined, body: { n: 1 } } as unknown as Message;
  assert.deepEqual(Reflect.get(await stage.run(message, 1), 'body'), { n: 1 });
});
