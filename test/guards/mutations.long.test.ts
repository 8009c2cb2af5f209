import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNothingElseLeaves } from './mutations.ts';

test('of 1,000,000 mutated messages of another seed each time nothing leaves but the expected form', () => {
  const { left, refused } = assertNothingElseLeaves(1_000_000, Math.trunc(Math.random() * 2 ** 31));
  assert.ok(left > 50_000 && refused > 500_000, `${left} left, ${refused} refused`);
});
