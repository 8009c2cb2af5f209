import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idsIn } from './state-in.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { isProcessed } from './is-processed.ts';

const BOUNDS = { most: 100, windowMs: undefined };

test('a processed id is found at once, and by the next process if it was durable', async () => {
  using folder = temporaryFolder('processedIds');
  const store = idsIn(folder.path);
  const processedIds = store.processedIds('r', BOUNDS);
  const adding = processedIds.add({ id: 'a' });
  assert.ok(isProcessed(processedIds, 'a'));
  await adding;
  // What is durable is there for another process while this one lives: it may be killed.
  const other = idsIn(folder.path);
  assert.ok(isProcessed(other.processedIds('r', BOUNDS), 'a'));
  assert.ok(!isProcessed(other.processedIds('another', BOUNDS), 'a'), 'each owner has its own');
  other.close();
  store.close();
});

test('beyond their bound the oldest processed ids are removed, in memory, on the disk and over restarts', async () => {
  using folder = temporaryFolder('processedIds');
  const store = idsIn(folder.path);
  const processedIds = store.processedIds('r', BOUNDS);
  await Promise.all(Array.from({ length: 300 }, (_, index) => processedIds.add({ id: String(index) })));
  assert.ok(!isProcessed(processedIds, '199'));
  assert.ok(isProcessed(processedIds, '200') && isProcessed(processedIds, '299'));
  store.close();
  const next = idsIn(folder.path).processedIds('r', BOUNDS);
  assert.ok(!isProcessed(next, '199'));
  assert.ok(isProcessed(next, '200') && isProcessed(next, '299'));
});

test('past its window an entry is forgotten, and a repetition begins a new one', async () => {
  using folder = temporaryFolder('processedIds');
  let nowMs = 1000;
  const store = idsIn(folder.path, () => nowMs);
  const processedIds = store.processedIds('r', { most: 100, windowMs: 500 });
  await processedIds.add({ id: 'a' });
  nowMs = 1500;
  assert.ok(isProcessed(processedIds, 'a'));
  nowMs = 1501;
  assert.ok(!isProcessed(processedIds, 'a'));
  await processedIds.add({ id: 'a' });
  nowMs = 2001;
  assert.ok(isProcessed(processedIds, 'a'));
  store.close();
});

test('the highest sequence of each lane is there after a restart', async () => {
  using folder = temporaryFolder('processedIds');
  const store = idsIn(folder.path);
  const processedIds = store.processedIds('r', BOUNDS);
  await Promise.all([
    processedIds.add({ id: 'a', lane: 'x', sequence: 7 }),
    processedIds.add({ id: 'b', lane: 'x', sequence: 3 }),
    processedIds.add({ id: 'c', lane: 'y', sequence: 1.5e12 }),
    processedIds.add({ id: 'd' }),
  ]);
  store.close();
  const known = idsIn(folder.path).processedIds('r', BOUNDS).sequences();
  assert.deepEqual(
    [...known],
    [
      ['x', 7],
      ['y', 1.5e12],
    ],
  );
});

test('processed ids that cannot be written report it, and the id is found all the same', async () => {
  using folder = temporaryFolder('processedIds');
  const store = idsIn(folder.path);
  const processedIds = store.processedIds('r', BOUNDS);
  const other = idsIn(folder.path);
  store.close();
  await assert.rejects(processedIds.add({ id: 'a' }), { code: 'STATE_UNUSABLE' });
  other.close();
});
