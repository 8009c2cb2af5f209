import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameOf, readMark } from '../../runtime/verify/mark.ts';
import type { Way } from './broken-bridge.ts';
import { verifyOnMemory } from './on-memory.ts';

const EVERY = 40;

test('a verdict does not wait for the messages that are known to be dead letters', async () => {
  const letters = new Set<string>();
  let count = 0;
  const way: Way = (load, send) => {
    count += 1;
    if (count % EVERY !== 0) return send(load);
    const reading = readMark(load, 'body');
    assert.ok(reading.kind !== 'unreadable');
    letters.add(nameOf(reading.mark));
  };
  // Longer than any run of tests: a verdict that waits for a silence of that length never comes.
  const report = await verifyOnMemory(way, {
    trafficClass: 'command',
    quietMs: 3_600_000,
    deadLetters: () => letters,
  });
  assert.ok(report.ok, JSON.stringify(report.verdicts));
  assert.equal(report.deadLettered, 10);
});
