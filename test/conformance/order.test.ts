import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAWLESS, OrderJudge } from './order.ts';

function judged(numbers: readonly number[]): unknown {
  const judge = new OrderJudge(['k'], 4);
  for (const number of numbers) judge.see('k', number);
  return judge.verdict();
}

test('the judge of order lets repetitions pass', () => {
  assert.deepEqual(judged([1, 2, 1, 2, 3, 3, 2, 4]), FLAWLESS);
});

test('the judge of order sees a swap, a loss and a stranger', () => {
  assert.deepEqual(judged([1, 3, 2, 4]), { missing: 0, inversions: 1, unknown: 0 });
  assert.deepEqual(judged([1, 2, 4]), { missing: 1, inversions: 0, unknown: 0 });
  assert.deepEqual(judged([1, 2, 3, 4, 5, Number.NaN]), { missing: 0, inversions: 0, unknown: 2 });
});
