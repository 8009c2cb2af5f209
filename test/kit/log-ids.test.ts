import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogIds } from '../../runtime/buses/support/log-ids.ts';

test('an id that messages of different times have proves nothing, however often it comes; written twice it does', () => {
  const ids = new LogIds<{ readonly latestMs: number }>();
  for (const [id, ms] of [
    ['once', 1],
    ['twice', 2],
    ['twice', 2],
    ['shared', 3],
    ['shared', 4],
    ['shared', 4],
  ] as const) {
    ids.note(id, { latestMs: ms });
  }
  assert.deepEqual(
    [...ids.known],
    [
      ['once', { latestMs: 1 }],
      ['twice', { latestMs: 2 }],
    ],
  );
  assert.equal(ids.count, 6);
});
