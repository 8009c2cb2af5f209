import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceLag } from '#contract/source-lag.ts';
import { LagWatch } from '../../runtime/host/lag-watch.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { VirtualClock } from '../engine/virtual-clock.ts';

const ONE: readonly SourceLag[] = [{ destination: 's', messages: 3, oldestAtMs: 1000 }];

test('what a bus cannot know of its lag is absent from the metrics', async () => {
  await using run = await startMemoryRun({ run: { admin: { host: '127.0.0.1', port: 0 } } });
  const text = await (await fetch(`${run.pipeline.adminUrl}/metrics`)).text();
  assert.doesNotMatch(text, /sluice_source_lag/);
  assert.deepEqual(run.pipeline.numbers()[0]?.source?.lag, []);
});

test('a bus that does not answer is not asked again, and what it said before is soon not known any more', async () => {
  const clock = new VirtualClock(1);
  let asked = 0;
  const watch = new LagWatch(
    {
      lag: () => {
        asked += 1;
        return asked === 1 ? Promise.resolve(ONE) : new Promise(() => {});
      },
    },
    clock,
  );
  watch.start();
  await new Promise(setImmediate);
  assert.deepEqual(watch.lag, ONE);
  const overMs = clock.elapsedMs() + 60_000;
  void clock.sleep(60_000);
  await clock.play(() => clock.elapsedMs() >= overMs);
  assert.equal(asked, 2);
  assert.deepEqual(watch.lag, []);
  watch.stop();
});

test('a source of very many parts has one lag for each destination: their sum, or none where one of them is unknown', async () => {
  const parts = Array.from({ length: 600 }, (_, partition) => ({
    destination: partition < 300 ? 'a' : 'b',
    partition,
    messages: partition === 599 ? undefined : 1,
    oldestAtMs: partition,
  }));
  const watch = new LagWatch({ lag: () => Promise.resolve(parts) }, new VirtualClock(1));
  watch.start();
  await new Promise(setImmediate);
  assert.deepEqual(watch.lag, [
    { destination: 'a', messages: 300, oldestAtMs: 0 },
    { destination: 'b', messages: undefined, oldestAtMs: 300 },
  ]);
  watch.stop();
});
