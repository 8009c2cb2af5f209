import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, numbered } from './judge.ts';

test('what is lost, behind a later one of its key, or there twice is counted', () => {
  const all = [...numbered(8, 2)];
  assert.deepEqual(judge(all, 8), { lost: 0, reordered: 0, repeated: 0 });
  const of = (key: string, ...numbers: number[]) => numbers.map((number) => ({ key, number }));
  // a1 is late, b0 comes again, and four of eight are missing.
  const arrived = [...of('a', 0, 2), ...of('b', 0), ...of('a', 1), ...of('b', 0)];
  assert.deepEqual(judge(arrived, 8), { lost: 4, reordered: 1, repeated: 1 });
});

test('each key has its numbers in order, and the keys come in no order', () => {
  const all = [...numbered(640, 64)];
  for (const own of Map.groupBy(all, ({ key }) => key).values()) {
    assert.deepEqual(
      own.map(({ number }) => number),
      own.map((_, at) => at),
    );
  }
  assert.notEqual(all[0]?.key, all[64]?.key);
});
