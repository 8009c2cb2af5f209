import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, numbered } from './judge.ts';

test('what is lost, behind a later one of its key, or there twice is counted', () => {
  const all = [...numbered(8, 2)];
  assert.deepEqual(judge(all, 8), { lost: 0, reordered: 0, repeated: 0 });
  const [a0, b0, a1, b1, a2] = all;
  assert.ok(a0 && b0 && a1 && b1 && a2);
  // a1 is late, b0 comes again, and five are missing.
  assert.deepEqual(judge([a0, a2, b0, a1, b0], 8), { lost: 4, reordered: 1, repeated: 1 });
});
