import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Frame } from '../../runtime/contract/frame.ts';
import { withBody } from '../../runtime/contract/message.ts';
import { CLASS_NAMES, CLASSES } from '../../runtime/contract/traffic-class.ts';
import { type Counters, imbalance, newCounters } from '../../runtime/engine/counters.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { RecoveredIds } from '../../runtime/engine/send/recovered-ids.ts';
import { frameForTest, routeForTest } from './route-for-test.ts';
import { SimulatedSink } from './simulated-buses.ts';
import { type Life, SimulatedProcessedIds, SimulatedLog, sinkOf } from './simulated-world.ts';
import { onSeeds } from './seeds.ts';
import { stageThat } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What a dead process had handed over arrives within it; only then its successor looks. */
const ARRIVAL_MS = 20;

const plan = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  trafficClass: fc.constantFrom(...CLASS_NAMES),
  messages: fc.integer({ min: 1, max: 150 }),
  keys: fc.integer({ min: 1, max: 6 }),
  window: fc.integer({ min: 1, max: 40 }),
  maxInFlight: fc.integer({ min: 1, max: 40 }),
  parts: fc.integer({ min: 1, max: 3 }),
  waits: fc.constantFrom(0, 0.3),
  deaths: fc.integer({ min: 1, max: 4 }),
  isTelling: fc.boolean(),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** A sink that removes nothing and never fails, and a process that dies now and then; each next one reads the tail. */
async function simulate(wish: Plan): Promise<{ readonly stored: readonly Frame[]; readonly repeated: number }> {
  const clock = new VirtualClock(wish.seed);
  const frames = Array.from({ length: wish.messages }, (_, at) => frameForTest(`k${at % wish.keys}/x`, String(at)));
  const log = new SimulatedLog(clock, frames, wish.isTelling);
  const { maxInFlight } = wish;
  const sink = new SimulatedSink(clock, { cut: 0, refuse: 0, fault: 0, maxInFlight, removesDuplicates: false });
  const allIds = new SimulatedProcessedIds(clock);
  const { oneAtATime, marksRepeats } = CLASSES[wish.trafficClass];
  const split = stageThat((message) => {
    const made = Array.from({ length: wish.parts }, (_, part) => ({
      ...withBody(message, message.body),
      id: `${message.id}.${part}`,
    }));
    return clock.random() < wish.waits ? clock.sleep(clock.pick(50)).then(() => made) : made;
  });
  const lives: { life: Life; counters: Counters }[] = [];
  const begin = (): void => {
    const life: Life = { isOver: false };
    const counters = newCounters();
    const processedIds = oneAtATime || marksRepeats ? allIds.processedIds(life) : undefined;
    const ids = new Map(sink.stored.map(({ id = '' }) => [id, { latestMs: Number.POSITIVE_INFINITY }]));
    const { route } = routeForTest({
      source: log.source(life),
      sink: sinkOf(life, sink),
      clock,
      counters,
      trafficClass: wish.trafficClass,
      stages: [split],
      window: { messages: wish.window, bytes: 1_000_000 },
      expiresAfterMs: wish.trafficClass === 'command' ? 1_000_000 : undefined,
      processedIds,
      recoveredIds: new RecoveredIds(ids, () => assert.fail('none is younger')),
    });
    new RunningRoute(route).run().catch(() => {});
    lives.push({ life, counters });
  };
  begin();
  for (let death = 0; death < wish.deaths; death += 1) {
    clock.after(clock.pick(200) + death * 200, () => {
      const last = lives.at(-1);
      if (last === undefined || last.life.isOver || log.isEmpty) return;
      last.life.isOver = true;
      log.died();
      clock.after(ARRIVAL_MS, begin);
    });
  }
  await clock.play(() => {
    for (const { counters } of lives) assert.equal(imbalance(counters), 0, 'invariant 3, at every quiet moment');
    return log.isEmpty;
  });
  return { stored: sink.stored, repeated: lives.reduce((sum, { counters }) => sum + counters.repeated, 0) };
}

test('with log recovery, no schedule of crashes leaves a frame there twice, whatever the class, the splitting and what the source can tell', async () => {
  let repeated = 0;
  await onSeeds(
    fc.asyncProperty(plan, async (wish) => {
      const outcome = await simulate(wish);
      repeated += outcome.repeated;
      const ids = outcome.stored.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, 'a frame is there twice');
      if (CLASSES[wish.trafficClass].keeps === 'all')
        assert.equal(ids.length, wish.messages * wish.parts, 'one is lost');
    }),
    { seeds: 1000, file: import.meta.url },
  );
  assert.ok(process.env['SLUICE_REPLAY'] !== undefined || repeated > 0, 'nothing came again: it proves nothing');
});
