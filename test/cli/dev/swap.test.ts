import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { waitFor } from '../../harness/wait-for.ts';
import { type DevRun, pipelineOf, stamping, startDev } from './dev-run.ts';

const SWAPS = 50;
const KEYS = ['a', 'b', 'c'];
const ONE_OPENING = ['sink opened', 'source opened'];

/** Of each key every message once, in order, and no older version after a newer one. */
function assertWhole({ out }: DevRun, count: number): void {
  for (const key of KEYS) {
    const own = out.filter((one) => one.key === key);
    assert.deepEqual(
      own.map(({ n }) => n),
      Array.from({ length: count }, (_, n) => n),
      key,
    );
    const versions = own.map(({ v }) => v);
    assert.deepEqual(
      versions,
      versions.toSorted((a, b) => a - b),
      key,
    );
  }
}

test('50 swaps under load lose nothing, reorder nothing and drop no connection, and bad saves in between change nothing', async () => {
  await using dev = await startDev({
    stages: [{ validate: 'body' }, { function: 'f' }],
    files: { 'functions/f.ts': stamping(0, 'await null;'), 'schemas/body.json': { type: 'object' } },
  });
  let count = 0;
  const done = new AbortController();
  const load = async (): Promise<void> => {
    for (; !done.signal.aborted; count += 1) {
      for (const key of KEYS) await dev.publish(key, count);
      await sleep(2);
    }
  };
  const loading = load();
  for (let swap = 1; swap <= SWAPS; swap += 1) {
    if (swap % 10 === 0) {
      const kept = await dev.save('functions/f.ts', 'export default (body => body;\n');
      assert.match(kept, /^kept the last good version: functions\/f\.ts cannot run\n.*f\.ts:1:\d+ {2}FUNCTION_BROKEN/);
    }
    // Some wait within the function, and some calls end in another order than they began.
    const wait = swap % 2 === 0 ? 'await null;' : 'await new Promise((done) => setTimeout(done, Math.random() * 3));';
    const said = await dev.save('functions/f.ts', stamping(swap, wait));
    assert.match(said, /^swapped functions\/f\.ts in \d+ ms, from message \d+ of route r on/);
  }
  done.abort();
  await loading;
  await dev.came(count * KEYS.length);
  assertWhole(dev, count);
  assert.ok(new Set(dev.out.map(({ v }) => v)).size > SWAPS / 2, 'the versions were used');
  assert.deepEqual(dev.ends.toSorted(), ONE_OPENING);
});

test('a message that is in a function ends in that version and its later stages, and the next one of another key does not wait', async () => {
  const latch = Promise.withResolvers<void>();
  Object.assign(globalThis, { devLatch: latch.promise });
  await using dev = await startDev({
    stages: [{ function: 'f' }, { function: 'g' }],
    files: {
      'functions/f.ts': stamping(1, 'await globalThis.devLatch;'),
      'functions/g.ts': 'export default (body: object) => ({ ...body, g: 1 });\n',
    },
  });
  await dev.publish('a', 0);
  await dev.publish('a', 1);
  await waitFor(() => dev.session.numbers()[0]?.accepted === 2, 5000, 'both messages are read');
  dev.project.write('functions/g.ts', 'export default (body: object) => ({ ...body, g: 2 });\n');
  const said = await dev.save('functions/f.ts', stamping(2));
  assert.match(
    said,
    /^swapped functions\/f\.ts, functions\/g\.ts in \d+ ms, from message 2 of route r on; 1 in the old one end there$/,
  );
  await dev.publish('b', 0);
  const [first] = await dev.came(1);
  assert.deepEqual([first?.key, first?.v, first?.['g']], ['b', 2, 2]);
  latch.resolve();
  const [, ...own] = await dev.came(3);
  assert.deepEqual(
    own.map(({ key, n, v, g }) => [key, n, v, g]),
    [
      ['a', 0, 1, 1],
      ['a', 1, 2, 2],
    ],
  );
});

test('a message that waits for its next try has it in the new version', async () => {
  await using dev = await startDev({
    stages: [{ function: 'f' }],
    files: { 'functions/f.ts': 'export default () => { throw new Error("bad"); };\n' },
    route: { retry: { attempts: 10, backoff: '300ms..300ms' } },
  });
  await dev.publish('a', 0);
  await waitFor(() => (dev.session.numbers()[0]?.retries ?? 0) > 0, 5000, 'a try has failed');
  await dev.save('functions/f.ts', stamping(2));
  const [out] = await dev.came(1);
  assert.deepEqual([out?.v, dev.session.numbers()[0]?.deadLettered], [2, 0]);
});

test('saves that come together, or while one is looked at, all run in the end', async () => {
  await using dev = await startDev({
    stages: [{ function: 'f' }, { function: 'g' }],
    files: { 'functions/f.ts': stamping(1), 'functions/g.ts': 'export default (body: object) => body;\n' },
  });
  dev.project.write('functions/f.ts', stamping(2));
  const one = dev.session.changed();
  dev.project.write('functions/g.ts', 'export default (body: object) => ({ ...body, g: 2 });\n');
  const other = dev.session.changed();
  await Promise.all([one, other]);
  await dev.publish('a', 0);
  const [out] = await dev.came(1);
  assert.deepEqual([out?.v, out?.['g']], [2, 2]);
});

test('a function that throws while it is imported, and a file that is gone, keep the last good version; the file as it was is no swap', async () => {
  await using dev = await startDev({ stages: [{ function: 'f' }], files: { 'functions/f.ts': stamping(1) } });
  const thrown = await dev.save('functions/f.ts', 'throw new Error("at the start");\n');
  assert.match(thrown, /^kept .*\n.*functions\/f\.ts:1:7 {2}FUNCTION_BROKEN .*at the start/);
  rmSync(dev.project.path('functions/f.ts'));
  await dev.session.changed();
  assert.match(dev.told.at(-1) ?? '', /^kept .*\n.*UNKNOWN_FUNCTION/);
  rmSync(dev.project.path('pipelines/p.yaml'));
  await dev.session.changed();
  assert.match(dev.told.at(-1) ?? '', /^kept .*\nexpected a pipeline file/);
  dev.project.write('functions/f.ts', stamping(1));
  const back = await dev.save('pipelines/p.yaml', pipelineOf(dev.hub, [{ function: 'f' }]));
  assert.match(back, /nothing to swap$/);
  await dev.publish('a', 0);
  const [out] = await dev.came(1);
  assert.equal(out?.v, 1);
  assert.deepEqual(dev.ends.toSorted(), ONE_OPENING);
});

test('a schema, the options of a stage and a module that a function imports are swapped; what is around the stages restarts the routes', async () => {
  const stages = [{ validate: 'body' }, { function: 'f', with: { v: 1 } }];
  await using dev = await startDev({
    stages,
    files: {
      'functions/f.ts':
        'import { lib } from "../lib/lib.ts";\nexport default (body: object, { options }) => ({ ...body, lib, v: options.v });\n',
      'lib/lib.ts': 'export const lib = 1;\n',
      'schemas/body.json': { type: 'object', properties: { n: { minimum: 1 } } },
    },
  });
  await dev.publish('a', 0);
  await waitFor(() => dev.session.numbers()[0]?.deadLettered === 1, 5000, 'the schema refuses it');
  assert.match(await dev.save('schemas/body.json', { type: 'object' }), /^swapped schemas\/body\.json in/);
  assert.match(await dev.save('lib/lib.ts', 'export const lib = 2;\n'), /^swapped lib\/lib\.ts in/);
  const options = [{ validate: 'body' }, { function: 'f', with: { v: 2 } }];
  assert.match(await dev.save('pipelines/p.yaml', pipelineOf(dev.hub, options)), /^swapped pipelines\/p\.yaml in/);
  await dev.publish('a', 0);
  const [swapped] = await dev.came(1);
  assert.deepEqual([swapped?.v, swapped?.['lib']], [2, 2]);
  assert.deepEqual(dev.ends.toSorted(), ONE_OPENING);
  const bounded = pipelineOf(dev.hub, options, { drain: '100/s' });
  assert.match(
    await dev.save('pipelines/p.yaml', bounded),
    /^restarted for pipelines\/p\.yaml in \d+ ms, \d+ of them the drain: route r has changed around its stages$/,
  );
  await dev.session.ready;
  const more = [...options, { function: 'g' }];
  dev.project.write('functions/g.ts', 'export default (body: object) => ({ ...body, g: 1 });\n');
  assert.match(await dev.save('pipelines/p.yaml', pipelineOf(dev.hub, more)), /: route r has other stages$/);
  await dev.session.ready;
  await dev.publish('a', 1);
  const [, out] = await dev.came(2);
  assert.equal(out?.['g'], 1);
});

test('a restart onto a bus that is away, and back, ends nothing', async () => {
  await using dev = await startDev({ stages: [{ function: 'f' }], files: { 'functions/f.ts': stamping(1) } });
  let isLost = false;
  dev.session.lost.catch(() => (isLost = true));
  const away = {
    ...pipelineOf(dev.hub, [{ function: 'f' }], { from: { bus: 'away', topics: ['in'], key: '{body.key}' } }),
    buses: { hub: { bus: 'memory', hub: dev.hub }, away: { bus: 'mqtt', url: 'mqtt://127.0.0.1:1' } },
  };
  assert.match(await dev.save('pipelines/p.yaml', away), /^restarted for/);
  assert.match(await dev.save('functions/f.ts', stamping(2)), /^swapped functions\/f\.ts/);
  assert.match(await dev.save('pipelines/p.yaml', pipelineOf(dev.hub, [{ function: 'f' }])), /^restarted for/);
  await dev.session.ready;
  await dev.publish('a', 0);
  const [out] = await dev.came(1);
  assert.deepEqual([out?.v, isLost], [2, false]);
});

test('the threads of an isolated function end after their last message, and lose none', async () => {
  const threads = new Set<Worker>();
  const onWorker = (worker: Worker): void => {
    threads.add(worker);
    worker.once('exit', () => threads.delete(worker));
  };
  process.on('worker', onWorker);
  try {
    await using dev = await startDev({
      stages: [{ function: 'f', isolate: 'worker', workers: 1 }],
      files: { 'functions/f.ts': stamping(0, 'await new Promise((done) => setTimeout(done, 200));') },
    });
    for (const key of KEYS) await dev.publish(key, 0);
    await dev.came(KEYS.length);
    // That of the watchdog, and the one of the function.
    const own = threads.size;
    for (const key of KEYS) await dev.publish(key, 1);
    await waitFor(() => dev.session.numbers()[0]?.accepted === 6, 5000, 'they are in the function');
    assert.match(await dev.save('functions/f.ts', stamping(1)), /[123] in the old one end there$/);
    for (const key of KEYS) await dev.publish(key, 2);
    await dev.came(9);
    assertWhole(dev, 3);
    await waitFor(() => threads.size === own, 5000, `the old thread has ended, ${threads.size} live`);
  } finally {
    process.off('worker', onWorker);
  }
});
