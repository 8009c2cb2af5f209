import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StateDatabase } from '../../runtime/store/state-database.ts';
import { processedIdsIn } from '../../runtime/store/processed-ids.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { stateIn } from './state-in.ts';

const BOUNDS = { most: 20_000, windowMs: undefined };

/** Ids in the order in which the next process finds them. */
function storedIn(folder: string): readonly string[] {
  const state = stateIn(folder);
  const rows = state.database.prepare('SELECT id FROM entries_1 ORDER BY number').all();
  state.close();
  return rows.map((row) => String(row['id']));
}

function numbered(count: number, from = 0): readonly string[] {
  return Array.from({ length: count }, (_, index) => `id ${from + index}`);
}

/** Makes the next transactions fail before a row is written, until it is mended. */
function broken(state: StateDatabase): { mend(): void } {
  const { database } = state;
  const exec = database.exec.bind(database);
  database.exec = (sql) => {
    if (sql.startsWith('BEGIN')) throw new Error('the disk is away');
    exec(sql);
  };
  return {
    mend() {
      database.exec = exec;
    },
  };
}

for (const count of [1, 31, 32, 33, 64, 225, 226, 256, 1000, 9000]) {
  test(`${count} ids that come together are all stored, each once and in order`, async () => {
    using folder = temporaryFolder('ids-together');
    const state = stateIn(folder.path);
    const ids = processedIdsIn(state, 'r', BOUNDS);
    const all = numbered(count);
    await Promise.all(all.map((id) => ids.add({ id })));
    state.close();
    assert.deepEqual(storedIn(folder.path), all);
  });
}

test('the ids of one transaction have one promise', async () => {
  using folder = temporaryFolder('ids-together');
  const state = stateIn(folder.path);
  const ids = processedIdsIn(state, 'r', BOUNDS);
  const promises = new Set(numbered(100).map((id) => ids.add({ id })));
  assert.equal(promises.size, 1);
  await Promise.all(promises);
  state.close();
});

test('ids whose transaction never began are written with the next one that does', async () => {
  using folder = temporaryFolder('ids-together');
  const state = stateIn(folder.path);
  const ids = processedIdsIn(state, 'r', BOUNDS);
  const disk = broken(state);
  const all = numbered(5);
  const results = await Promise.allSettled(all.map((id) => ids.add({ id })));
  assert.deepEqual(
    results.map(({ status }) => status),
    all.map(() => 'rejected'),
  );
  disk.mend();
  // One at a time: each must find a transaction that is not the failed one.
  for (const id of all) await ids.add({ id });
  state.close();
  assert.deepEqual(storedIn(folder.path), all);
});
