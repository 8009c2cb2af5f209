import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drop, emit, reject, type Transform } from '../../runtime/sluice.ts';
import { run } from '../../runtime/testing.ts';

const double: Transform<number, number> = (n, { options, attempt, key, label }) => {
  if (n === 0) return drop('zero');
  if (n < 0) return reject('below zero');
  if (n > 100) return emit(n, n);
  return n * Number(options['by'] ?? 2) + (attempt - 1) + (key?.length ?? 0) + (label?.length ?? 0);
};

test('run returns the one body that a function makes, with what the test says of the context', async () => {
  assert.equal(await run(double, 3), 6);
  assert.equal(await run(double, 3, { options: { by: 3 }, attempt: 2, key: 'ab', label: 'c' }), 13);
});

test('run rejects where a message has another end than one body, with the reason', async () => {
  await assert.rejects(run(double, 0), /dropped: zero/);
  await assert.rejects(run(double, -1), /rejected: below zero/);
  await assert.rejects(run(double, 101), /found 2: outcome\(\)/);
});
