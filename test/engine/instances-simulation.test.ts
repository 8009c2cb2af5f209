import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Frame } from '../../runtime/contract/frame.ts';
import { CLASS_NAMES, CLASSES } from '../../runtime/contract/traffic-class.ts';
import { type Counters, imbalance, newCounters } from '../../runtime/engine/counters.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { flakyStage } from './flaky-stage.ts';
import { frameForTest, routeForTest } from './route-for-test.ts';
import { onSeeds } from './seeds.ts';
import { SimulatedSink } from './simulated-buses.ts';
import { type PartitionReader, SimulatedPartitions } from './simulated-partitions.ts';
import { type Life, SimulatedProcessedIds, sinkOf } from './simulated-world.ts';
import { VirtualClock } from './virtual-clock.ts';

const plan = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  trafficClass: fc.constantFrom(...CLASS_NAMES),
  messages: fc.integer({ min: 1, max: 120 }),
  keys: fc.integer({ min: 1, max: 6 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  instances: fc.integer({ min: 1, max: 3 }),
  window: fc.integer({ min: 1, max: 40 }),
  cut: fc.constantFrom(0, 0.02, 0.1),
  throws: fc.constantFrom(0, 0.2),
  waits: fc.constantFrom(0, 0.3, 1),
  /** Kills of one instance, which comes back with its own processed ids, or without. */
  deaths: fc.integer({ min: 0, max: 4 }),
  /** New divisions of the partitions without a kill, while messages are under way. */
  divisions: fc.integer({ min: 0, max: 4 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

interface Instance {
  readonly life: Life;
  readonly reader: PartitionReader;
  readonly route: RunningRoute;
  readonly counters: Counters;
  readonly ids: SimulatedProcessedIds;
}

interface Outcome {
  readonly frames: readonly Frame[];
  readonly stored: readonly Frame[];
  readonly letters: number;
}

async function simulate(wish: Plan): Promise<Outcome> {
  const clock = new VirtualClock(wish.seed);
  const frames = Array.from({ length: wish.messages }, (_, number) =>
    frameForTest(`k${Math.floor(number / 8) % wish.keys}/x`, String(number)),
  );
  const log = new SimulatedPartitions(clock, frames, wish.partitions);
  const sink = new SimulatedSink(clock, { ...wish, fault: 0, refuse: 0, maxInFlight: 40, removesDuplicates: false });
  const running: Instance[] = [];
  const all: Instance[] = [];
  const letters: unknown[] = [];
  const { oneAtATime, marksRepeats } = CLASSES[wish.trafficClass];
  const begin = (ids: SimulatedProcessedIds): void => {
    const life: Life = { isOver: false };
    const reader = log.reader(life);
    const counters = newCounters();
    const { route } = routeForTest({
      source: reader,
      sink: sinkOf(life, sink),
      clock,
      counters,
      trafficClass: wish.trafficClass,
      stages: [flakyStage(clock, wish)],
      window: { messages: wish.window, bytes: 1_000_000 },
      attempts: 1000,
      processedIds: oneAtATime || marksRepeats ? ids.processedIds(life) : undefined,
      deadLetters: { record: (letter) => Promise.resolve(void letters.push(letter)) },
    });
    const line = new RunningRoute(route);
    line.run().catch(() => {});
    const instance = { life, reader, route: line, counters, ids };
    running.push(instance);
    all.push(instance);
  };
  const divide = (): void => log.divide(running.map(({ reader }) => reader));
  for (let count = 0; count < wish.instances; count += 1) begin(new SimulatedProcessedIds(clock));
  divide();
  for (let death = 0; death < wish.deaths; death += 1) {
    clock.after(clock.pick(300 * (death + 1)), () => {
      const [victim] = running.splice(clock.pick(running.length), 1);
      if (victim === undefined) return;
      victim.life.isOver = true;
      begin(clock.pick(2) === 0 ? victim.ids : new SimulatedProcessedIds(clock));
      divide();
    });
  }
  for (let division = 0; division < wish.divisions; division += 1)
    clock.after(clock.pick(200 * (division + 1)), divide);
  await clock.play(() => {
    for (const { life, counters } of all) if (!life.isOver) assert.equal(imbalance(counters), 0, 'invariant 3');
    return log.isEmpty;
  });
  let stopped = 0;
  for (const { route } of running) void route.stop(60_000).then(() => (stopped += 1));
  await clock.play(() => stopped === running.length);
  for (const { counters } of running) assert.equal(counters.held, 0, 'a message that was revoked is still held');
  return { frames, stored: sink.stored, letters: letters.length };
}

const numberOf = ({ body }: Frame): number => Number(Buffer.from(body ?? []).toString());

/** Of each key the numbers that arrived, in order. */
function byKey(frames: readonly Frame[]): ReadonlyMap<string, readonly number[]> {
  return new Map([...Map.groupBy(frames, ({ address }) => address)].map(([key, own]) => [key, own.map(numberOf)]));
}

/** The newest one was superseded by older copies that came again, its id was saved, and its own copy ended as a repetition. */
const SUPERSEDED_BY_COPIES: Plan = {
  seed: 11407367,
  trafficClass: 'telemetry',
  messages: 14,
  keys: 1,
  partitions: 1,
  instances: 2,
  window: 21,
  cut: 0,
  throws: 0,
  waits: 1,
  deaths: 2,
  divisions: 4,
};

test('each class keeps its word over several instances, each with its own processed ids, whatever the kills and new divisions of the partitions', async () => {
  await onSeeds(
    fc.asyncProperty(plan, async (wish) => {
      const { frames, stored, letters } = await simulate(wish);
      const arrived = byKey(stored);
      const isNewest = CLASSES[wish.trafficClass].keeps === 'newest';
      assert.equal(letters, 0);
      for (const [key, sent] of byKey(frames)) {
        const own = arrived.get(key) ?? [];
        const first = [...new Set(own)];
        if (isNewest) assert.equal(own.at(-1), sent.at(-1), `the newest of ${key} is not the last`);
        else assert.deepEqual(first, sent, `${key}: lost, or first deliveries out of order`);
        if (!CLASSES[wish.trafficClass].oneAtATime) continue;
        const ordered = own.toSorted((a, b) => a - b);
        assert.deepEqual(own, ordered, `${key}: an older one behind a newer one`);
      }
      if (wish.trafficClass !== 'audit') return;
      const seen = new Set<number>();
      for (const frame of stored) {
        if (seen.has(numberOf(frame))) assert.ok(frame.headers.has('replayed'), 'a repetition without its mark');
        seen.add(numberOf(frame));
      }
    }),
    { seeds: 1000, file: import.meta.url, examples: [SUPERSEDED_BY_COPIES] },
  );
});
