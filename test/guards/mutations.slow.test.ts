import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNothingElseLeaves } from './mutations.ts';

test('of 100,000 mutated messages nothing leaves but the expected form', () => {
  const { left, refused } = assertNothingElseLeaves(100_000, 20261128);
  assert.ok(left > 5000 && refused > 50_000, `${left} left, ${refused} refused`);
});
