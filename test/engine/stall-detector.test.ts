import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCounters } from '../../runtime/engine/counters.ts';
import { type WaitCounts, StallDetector } from '../../runtime/engine/stall-detector.ts';
import { VirtualClock } from './virtual-clock.ts';

function watched(waiting: WaitCounts = { sink: 0, stages: 0, deadLetters: 0, ids: 0 }) {
  const clock = new VirtualClock(1);
  const counters = newCounters();
  const stalls: (string | undefined)[] = [];
  const watchdog = new StallDetector({
    clock,
    limitMs: 30_000,
    counters,
    waiting: () => waiting,
    onStall: (stall) => stalls.push(stall),
  });
  watchdog.start();
  const pass = async (ms: number): Promise<void> => {
    const endMs = clock.elapsedMs() + ms;
    await clock.play(() => clock.elapsedMs() >= endMs);
  };
  return { clock, counters, stalls, pass };
}

test('a route that holds messages and ends none for the limit is stalled, and says what it waits for', async () => {
  const { counters, stalls, pass } = watched({ sink: 12, stages: 3, deadLetters: 0, ids: 0 });
  counters.accepted = counters.held = 15;
  await pass(27_000);
  assert.deepEqual(stalls, []);
  await pass(6000);
  assert.equal(stalls[0], 'no progress for 30 s, waiting for the sink: 12, for stages: 3');
});

test('a clock that is set neither hides a stall nor makes one', async () => {
  const { clock, counters, stalls, pass } = watched({ sink: 12, stages: 3, deadLetters: 0, ids: 0 });
  counters.accepted = counters.held = 15;
  await pass(10_000);
  clock.set(90 * 86_400_000);
  await pass(10_000);
  assert.deepEqual(stalls, []);
  clock.set(-180 * 86_400_000);
  await pass(13_000);
  assert.equal(stalls[0], 'no progress for 30 s, waiting for the sink: 12, for stages: 3');
});

test('one message that ends in time is progress, however many wait', async () => {
  const { counters, stalls, pass } = watched();
  counters.accepted = counters.held = 100;
  for (let round = 0; round < 5; round += 1) {
    await pass(20_000);
    counters.held -= 1;
  }
  assert.deepEqual(stalls, []);
});

test('a route without input is never stalled', async () => {
  const { counters, stalls, pass } = watched();
  counters.accepted = 7;
  await pass(100_000);
  assert.deepEqual(stalls, []);
});

test('a stall ends with the next message that ends', async () => {
  const { counters, stalls, pass } = watched({ sink: 1, stages: 0, deadLetters: 0, ids: 0 });
  counters.accepted = counters.held = 1;
  await pass(40_000);
  counters.held = 0;
  await pass(3000);
  assert.equal(stalls.at(-1), undefined);
  assert.ok(stalls.length > 1);
});
