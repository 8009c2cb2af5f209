import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterFlaws } from '../../../runtime/buses/nats/subject.ts';
import { patient } from '../../harness/patience.ts';

test('as many filters as a pipeline file holds are compared within a second', () => {
  for (const made of [(n: number) => `t${n}.*.>`, (n: number) => `*.*.*.*.${n}`, (n: number) => `t${n}`]) {
    const all = Array.from({ length: 20_000 }, (_, n) => made(n));
    const startMs = performance.now();
    assert.deepEqual(filterFlaws(all), []);
    assert.ok(performance.now() - startMs < patient(1000), made(0));
  }
});
