import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionKind } from '../../runtime/stages/function-kind.ts';
import { patient } from '../harness/patience.ts';
import { type MemoryRun, startMemoryRun } from '../host/memory-run.ts';

const FAST = { retry: { attempts: 2, backoff: '1ms..5ms' } };

/** A run whose one stage is this function, in threads of its own. */
function runOf(
  source: string,
  more: { stage?: object; route?: object; to?: object; files?: Record<string, string> } = {},
): Promise<MemoryRun> {
  return startMemoryRun({
    files: { 'functions/f.ts': source, ...more.files },
    stages: [{ function: 'f', isolate: 'worker', ...more.stage }],
    route: { ...FAST, ...more.route },
    from: { key: '{address.1}' },
    to: more.to ?? {},
  });
}

async function bodies(run: MemoryRun, count: number): Promise<unknown[]> {
  return (await run.take(count)).map(({ body }) => JSON.parse(Buffer.from(body ?? []).toString()) as unknown);
}

test('in a thread a function returns, emits, drops, rejects and forgets as it does elsewhere', async () => {
  await using run = await runOf(`
    import { drop, emit, reject } from 'sluice';
    export default async (body) => {
      if (body === 'emit') return emit({ n: 1 }, { n: 2 });
      if (body === 'drop') return drop('not ours');
      if (body === 'reject') return reject('no such unit');
      if (body === 'none') return emit();
      if (body === 'forget') return;
      return body === 'null' ? null : { body };
    };
  `);
  for (const body of ['a', 'emit', 'drop', 'reject', 'none', 'forget', 'null']) await run.publish('k', `"${body}"`);
  assert.deepEqual(await bodies(run, 4), [{ body: 'a' }, { n: 1 }, { n: 2 }, null]);
  const { delivered, dropped, deadLettered, retries } = await run.rest(7);
  assert.deepEqual(
    { delivered, dropped, deadLettered, retries },
    { delivered: 3, dropped: 1, deadLettered: 3, retries: 0 },
  );
  assert.deepEqual(
    run.letters().map(({ code, text }) => `${String(code)} ${String(text)}`),
    [
      'TRANSFORM_REJECTED f refused it: no such unit',
      'TRANSFORM_NO_RETURN expected f to emit bodies, found none',
      'TRANSFORM_NO_RETURN expected f to return a body, found undefined',
    ],
  );
});

test('in a thread a function knows of its message what it knows elsewhere', async () => {
  await using run = await runOf(
    'export default (body, { signal, ...context }) => ({ ...context, aborted: signal.aborted, bytes: [...body] });',
    { stage: { with: { limit: 7 } }, to: { codec: 'json' } },
  );
  await run.publish('k', new Uint8Array([1, 2]), {
    contentType: 'application/octet-stream',
    headers: new Map([['seclabel', ['S']]]),
  });
  const [seen] = await bodies(run, 1);
  const { id, ...rest } = seen as { id: string };
  assert.match(id, /^p\/r\//);
  assert.deepEqual(rest, {
    address: 'in/k',
    key: 'k',
    label: 'S',
    attempt: 1,
    route: 'r',
    pipeline: 'p',
    options: { limit: 7 },
    aborted: false,
    bytes: [1, 2],
  });
});

test('what is thrown in a thread names its line in the file as it was written', async () => {
  await using run = await runOf("import { far } from './far';\nexport default (body) => far(body);", {
    files: {
      'functions/far.ts':
        '\n\n  export function far(body: unknown): never {\n    if (body === 7) throw body;\n    throw new RangeError(typeof body);\n  }',
    },
  });
  await run.publish('k', '{}');
  await run.publish('k', '7');
  const { retries } = await run.rest(2);
  assert.equal(retries, 2);
  const [letter, other] = run.letters();
  assert.deepEqual(
    [letter?.['code'], letter?.['position'], letter?.['attempts']],
    ['TRANSFORM_THREW', 'functions/far.ts:5:11', 2],
  );
  assert.match(String(letter?.['text']), /RangeError: object/);
  assert.match(String(letter?.['cause']), /functions\/f\.ts:2:26/);
  assert.match(String(other?.['text']), /no Error \(number\)/);
});

const POISONS = {
  'loops for ever': ['for (;;);', 'TRANSFORM_TIMEOUT', new RegExp(`within ${patient(300)} ms`)],
  'never answers': ['return new Promise(() => {});', 'TRANSFORM_TIMEOUT', new RegExp(`within ${patient(300)} ms`)],
  'ends its process': ['process.exit(7);', 'TRANSFORM_CRASHED', /exit code 7/],
  'aborts its process': ['process.abort();', 'TRANSFORM_THREW', /abort/],
  'fills the heap': [
    'const all = []; for (;;) all.push({ n: all.length });',
    'TRANSFORM_CRASHED',
    /MiB of memory, more than its 64 MiB/,
  ],
  'fills memory outside of the heap': [
    'const all = []; for (;;) all.push(Buffer.alloc(1e6, 1));',
    'TRANSFORM_CRASHED',
    /more than its 64 MiB/,
  ],
  'throws where nobody waits': [
    "setTimeout(() => { throw new TypeError('late'); }, 1); return new Promise(() => {});",
    'TRANSFORM_CRASHED',
    /TypeError: late at functions\/f\.ts:3:/,
  ],
} as const;

for (const [what, [poison, code, text]] of Object.entries(POISONS)) {
  test(`a message whose function ${what} ends its thread alone: its neighbours pass, and it becomes a dead letter`, async () => {
    await using run = await runOf(`export default (body) => {\n  if (body.n !== 3) return body;\n  ${poison}\n};`, {
      stage: { timeout: poison.includes('all') ? '30s' : `${patient(300)}ms`, memory: '64MiB' },
    });
    for (let n = 0; n < 8; n += 1) await run.publish(n % 2 === 0 ? 'even' : 'odd', `{"n":${n}}`);
    const { delivered, deadLettered, retries } = await run.rest(8);
    assert.deepEqual({ delivered, deadLettered, retries }, { delivered: 7, deadLettered: 1, retries: 1 });
    const arrived = (await bodies(run, 7)) as { n: number }[];
    for (const rest of [0, 1]) {
      const lane = arrived.map(({ n }) => n).filter((n) => n % 2 === rest);
      assert.deepEqual(
        lane,
        lane.toSorted((a, b) => a - b),
        'order of a key',
      );
    }
    const [letter] = run.letters();
    assert.equal(letter?.['code'], code);
    assert.match(String(letter?.['text']), text);
  });
}

test('a thread that hangs holds up no other key for more than 100 ms', async () => {
  await using run = await runOf(
    `export default async (body) => {
      if (body === 0) await new Promise((done) => setTimeout(done, 800));
      if (body === 1) for (;;);
      return body;
    };`,
    { stage: { timeout: '2s' } },
  );
  // Both threads are up by then.
  for (const key of ['warm', 'too']) await run.publish(key, '0');
  await run.take(2);
  await run.publish('a', '1');
  const startMs = performance.now();
  for (let n = 0; n < 20; n += 1) await run.publish('b', '2');
  await run.take(20);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < patient(100), `${Math.round(tookMs)} ms`);
});

test('a body that cannot travel between threads is refused at once, on either way', async () => {
  await using run = await startMemoryRun({
    files: {
      'functions/make.ts': "export default (body) => (body === 'in' ? { act() {} } : body);",
      'functions/f.ts': "export default (body) => (body === 'out' ? { act() {} } : body);",
    },
    stages: [{ function: 'make' }, { function: 'f', isolate: 'worker' }],
    route: FAST,
  });
  for (const body of ['"in"', '"out"', '"fine"']) await run.publish('k', body);
  assert.deepEqual(await bodies(run, 1), ['fine']);
  const { retries } = await run.rest(3);
  assert.equal(retries, 0);
  assert.deepEqual(
    run.letters().map(({ code }) => code),
    ['TRANSFORM_UNCLONEABLE', 'TRANSFORM_UNCLONEABLE'],
  );
});

test('a thread that keeps more with every message is replaced, and no message bears it', async () => {
  await using run = await runOf(
    'const kept = []; let calls = 0; export default async () => { kept.push(Buffer.alloc(2e6, 1)); await new Promise((done) => setTimeout(done, 5)); return (calls += 1); };',
    { stage: { memory: '64MiB', workers: 1 } },
  );
  for (let n = 0; n < 150; n += 1) await run.publish(`k${n}`, '0');
  const { delivered, retries } = await run.rest(150);
  assert.deepEqual({ delivered, retries }, { delivered: 150, retries: 0 });
  const calls = await bodies(run, 150);
  assert.ok(Math.max(...(calls as number[])) < 150, 'one thread ran them all');
});

test('a function file that cannot be imported in a thread costs each message its tries and nothing else', async () => {
  await using run = await runOf(
    "import { isMainThread } from 'node:worker_threads';\nif (!isMainThread) throw new Error('not here');\nexport default (body) => body;",
  );
  // Whoever comes when every thread has broken already must not wait for one.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await run.publish('a', '1');
  await run.publish('b', '2');
  assert.equal((await run.rest(2)).deadLettered, 2);
  assert.deepEqual(
    run.letters().map(({ code }) => code),
    ['TRANSFORM_CRASHED', 'TRANSFORM_CRASHED'],
  );
  assert.match(String(run.letters()[0]?.['text']), /threw while it was imported: Error: not here/);
});

test('memory and workers without isolate: worker are refused, and so is memory that no thread can live in', () => {
  const flaws = (words: object) => functionKind.flaws?.({ function: 'f', ...words }).map(({ option }) => option);
  assert.deepEqual(flaws({ memory: '64MiB', workers: 2 }), ['memory', 'workers']);
  assert.deepEqual(flaws({ isolate: 'none', workers: 2 }), ['workers']);
  assert.deepEqual(flaws({ isolate: 'worker', memory: '15MiB' }), ['memory']);
  assert.deepEqual(flaws({ isolate: 'worker', memory: '16MiB', workers: 1 }), []);
  assert.deepEqual(flaws({ timeout: '5s' }), []);
});
