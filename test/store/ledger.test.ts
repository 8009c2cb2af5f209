import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLedgerStore } from '../../runtime/store/processed-ids.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { knows } from './knows.ts';

const BOUNDS = { most: 100, windowMs: undefined };

test('a ledger knows at once what was added, and the next process knows what was durable', async () => {
  using folder = temporaryFolder('ledger');
  const store = openLedgerStore(folder.path);
  const ledger = store.ledger('r', BOUNDS);
  const adding = ledger.add({ id: 'a' });
  assert.ok(knows(ledger, 'a'));
  await adding;
  // What is durable is there for another process while this one lives: it may be killed.
  const other = openLedgerStore(folder.path);
  assert.ok(knows(other.ledger('r', BOUNDS), 'a'));
  assert.ok(!knows(other.ledger('another', BOUNDS), 'a'), 'each owner has its own');
  other.close();
  store.close();
});

test('beyond its bound a ledger forgets the oldest, in memory, on the disk and over restarts', async () => {
  using folder = temporaryFolder('ledger');
  const store = openLedgerStore(folder.path);
  const ledger = store.ledger('r', BOUNDS);
  await Promise.all(Array.from({ length: 300 }, (_, index) => ledger.add({ id: String(index) })));
  assert.ok(!knows(ledger, '199'));
  assert.ok(knows(ledger, '200') && knows(ledger, '299'));
  store.close();
  const next = openLedgerStore(folder.path).ledger('r', BOUNDS);
  assert.ok(!knows(next, '199'));
  assert.ok(knows(next, '200') && knows(next, '299'));
});

test('past its window an entry is forgotten, and a repetition begins a new one', async () => {
  using folder = temporaryFolder('ledger');
  let nowMs = 1000;
  const store = openLedgerStore(folder.path, () => nowMs);
  const ledger = store.ledger('r', { most: 100, windowMs: 500 });
  await ledger.add({ id: 'a' });
  nowMs = 1500;
  assert.ok(knows(ledger, 'a'));
  nowMs = 1501;
  assert.ok(!knows(ledger, 'a'));
  await ledger.add({ id: 'a' });
  nowMs = 2001;
  assert.ok(knows(ledger, 'a'));
  store.close();
});

test('the highest sequence of each lane is there after a restart', async () => {
  using folder = temporaryFolder('ledger');
  const store = openLedgerStore(folder.path);
  const ledger = store.ledger('r', BOUNDS);
  await Promise.all([
    ledger.add({ id: 'a', lane: 'x', sequence: 7 }),
    ledger.add({ id: 'b', lane: 'x', sequence: 3 }),
    ledger.add({ id: 'c', lane: 'y', sequence: 1.5e12 }),
    ledger.add({ id: 'd' }),
  ]);
  store.close();
  const known = openLedgerStore(folder.path).ledger('r', BOUNDS).sequences();
  assert.deepEqual(
    [...known],
    [
      ['x', 7],
      ['y', 1.5e12],
    ],
  );
});

test('a ledger that cannot be written says so, and knows the id all the same', async () => {
  using folder = temporaryFolder('ledger');
  const store = openLedgerStore(folder.path);
  const ledger = store.ledger('r', BOUNDS);
  const other = openLedgerStore(folder.path);
  store.close();
  await assert.rejects(ledger.add({ id: 'a' }), { code: 'STATE_UNUSABLE' });
  other.close();
});
