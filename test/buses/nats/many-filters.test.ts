import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterFlaws } from '../../../runtime/buses/nats/subject.ts';
import { patient } from '../../harness/patience.ts';

test('as many filters as a pipeline file holds are compared within a second', () => {
  for (const made of [(n: number) => `t${n}.*.>`, (n: number) => `*.*.*.*.${n}`, (n: number) => `t${n}`]) {
    const all = Array.from({ length: 20_000 }, (_, n) => made(n));
    // Processor time: on a machine that is busy with other tests the time that passes says nothing of the work.
    const before = process.cpuUsage();
    assert.deepEqual(filterFlaws(all), []);
    const { user, system } = process.cpuUsage(before);
    const spentMs = (user + system) / 1000;
    assert.ok(spentMs < patient(1000), `${made(0)}: ${spentMs} ms`);
  }
});
