import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMemoryRun } from '../host/memory-run.ts';
import { bodies, runOf } from './function-run.ts';

test('the context says where the message comes from and what stands beside the function', async () => {
  await using run = await runOf(
    `
    export default (_, { id, address, key, label, route, pipeline, attempt, options, signal }) =>
      ({ id, address, key, label, route, pipeline, attempt, options, aborted: signal.aborted });
  `,
    { stage: { with: { unit: 'km', list: [1] } } },
  );
  await run.publish('v7/pos', '{}', { headers: new Map([['seclabel', ['S;REL=A']]]) });
  const [body] = (await bodies(run, 1)) as Record<string, unknown>[];
  const { id, ...rest } = body ?? {};
  assert.match(String(id), /^p\/r\/run-\d+:1$/);
  assert.deepEqual(rest, {
    address: 'in/v7/pos',
    key: 'v7',
    label: 'S;REL=A',
    route: 'r',
    pipeline: 'p',
    attempt: 1,
    options: { unit: 'km', list: [1] },
    aborted: false,
  });
});

test('a function imports JSON, packages of its own project and, in the ways of Node, what it likes', async () => {
  await using run = await startMemoryRun({
    files: {
      'functions/f.ts': `
        import limits from '../data/limits.json' with { type: 'json' };
        import double, { half } from 'arithmetic';
        import legacy from 'legacy';
        import { createRequire } from 'node:module';
        const require = createRequire(import.meta.url);
        export default ({ n }) => ({ double: double(n), half: half(n), max: limits.max, legacy: legacy.path(), os: typeof require('node:os').cpus });
      `,
      'functions/f.json': '{ "not": "the function" }',
      'data/limits.json': '{ "max": 9 }',
      'node_modules/arithmetic/package.json': { name: 'arithmetic', type: 'module', exports: './main.js' },
      'node_modules/arithmetic/main.js': 'export default (n) => n * 2;\nexport const half = (n) => n / 2;',
      'node_modules/legacy/package.json': { name: 'legacy', main: 'main.js' },
      'node_modules/legacy/main.js': "const path = require('path'); exports.path = () => path.posix.join('a', 'b');",
    },
    stages: [{ function: 'f' }],
  });
  await run.publish('a', '{"n":4}');
  assert.deepEqual(await bodies(run, 1), [{ double: 8, half: 2, max: 9, legacy: 'a/b', os: 'function' }]);
});

test("a package of the project's own that is called sluice does not stand in for the runtime's door", async () => {
  await using run = await startMemoryRun({
    files: {
      'functions/f.ts': "import { drop } from 'sluice';\nexport default () => drop('fine');",
      'node_modules/sluice/package.json': { name: 'sluice', main: 'main.js' },
      'node_modules/sluice/main.js': "exports.drop = () => ({ not: 'a drop' });",
    },
    stages: [{ function: 'f' }],
  });
  await run.publish('a', '{}');
  assert.equal((await run.rest(1)).dropped, 1);
});

test('two functions that import one module share it', async () => {
  await using run = await startMemoryRun({
    files: {
      'functions/first.ts': "import { count } from './count.ts';\nexport default () => ({ first: count() });",
      'functions/second.ts':
        "import { count } from './count.ts';\nexport default (body) => ({ ...body, second: count() });",
      'functions/count.ts': 'let n = 0;\nexport const count = () => (n += 1);',
    },
    stages: [{ function: 'first' }, { function: 'second' }],
  });
  await run.publish('a', '{}');
  await run.publish('a', '{}');
  assert.deepEqual(await bodies(run, 2), [
    { first: 1, second: 2 },
    { first: 3, second: 4 },
  ]);
});

test('a value that the codec cannot write is a dead letter that does not quote it', async () => {
  await using run = await runOf(
    "export default (body) => { if (body === 'loop') { const made = { note: 'secret' }; made.again = made; return made; } return body === 'big' ? { n: 123456789n } : () => 1; };",
  );
  for (const body of ['"loop"', '"big"', '"function"']) await run.publish('a', body);
  assert.equal((await run.rest(3)).deadLettered, 3);
  for (const letter of run.letters()) {
    assert.equal(letter['code'], 'ENCODE_FAILED');
    assert.doesNotMatch(String(letter['text']), /secret|123456789|\n/);
  }
});
