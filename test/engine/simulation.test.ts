import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Frame } from '../../runtime/contract/frame.ts';
import { MOST_ENDS, type CrashSuspects } from '../../runtime/contract/crash-suspects.ts';
import { imbalance } from '../../runtime/engine/counters.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { frameForTest, routeForTest } from './route-for-test.ts';
import { SimulatedSink, SimulatedSource } from './simulated-buses.ts';
import { flakyStage } from './flaky-stage.ts';
import { onSeeds } from './seeds.ts';
import { VirtualClock } from './virtual-clock.ts';

const plan = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  messages: fc.integer({ min: 1, max: 120 }),
  keys: fc.integer({ min: 1, max: 6 }),
  window: fc.integer({ min: 1, max: 40 }),
  maxInFlight: fc.integer({ min: 1, max: 40 }),
  cut: fc.constantFrom(0, 0.02, 0.1),
  refuse: fc.constantFrom(0, 0.05),
  fault: fc.constantFrom(0, 0.05),
  throws: fc.constantFrom(0, 0.1, 0.4),
  waits: fc.constantFrom(0, 0.3, 1),
  drops: fc.constantFrom(0, 0.1),
  /** The run before ended badly; so often had the process ended in a message, by its number. */
  isAfterCrash: fc.boolean(),
  crashCount: fc.dictionary(fc.integer({ min: 0, max: 20 }).map(String), fc.integer({ min: 1, max: 3 }), {
    maxKeys: 3,
  }),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** CrashSuspects on no disk, which see that nobody goes in twice, or leaves who was not inside. */
function suspectsOf({ isAfterCrash, crashCount }: Plan): CrashSuspects & { readonly inside: Set<string> } {
  const known = new Map(Object.entries(crashCount).map(([number, count]) => [`s:${number}`, count]));
  const inside = new Set<string>();
  return {
    inside,
    isAfterCrash,
    get size() {
      return known.size;
    },
    crashCount: (name) => known.get(name) ?? 0,
    enter(name) {
      assert.ok(!inside.has(name), `${name} goes in twice`);
      inside.add(name);
    },
    leave(name, passed) {
      assert.ok(inside.delete(name), `${name} was not inside`);
      if (passed) known.delete(name);
    },
    deadLettered() {},
  };
}

async function simulate(wish: Plan) {
  const clock = new VirtualClock(wish.seed);
  const frames: Frame[] = Array.from({ length: wish.messages }, (_, index) => {
    // Bursts of one key: many keys in turn would hide a swap.
    const key = Math.floor(index / 8) % wish.keys;
    return frameForTest(`k${key}/x`, String(index));
  });
  const source = new SimulatedSource(clock, frames);
  const sink = new SimulatedSink(clock, wish);
  const stages = [flakyStage(clock, wish)];
  const window = { messages: wish.window, bytes: 1_000_000 };
  const suspects = suspectsOf(wish);
  const { route, letters } = routeForTest({ source, sink, clock, stages, window, suspects });
  const runner = new RunningRoute(route);
  const running = runner.run();
  const { counters } = route.observers;
  await clock.play(() => {
    assert.equal(imbalance(counters), 0, 'invariant 3, at every quiet moment');
    return source.settlements.size === wish.messages;
  });
  let isStopped = false;
  const stopped = Promise.all([runner.stop(1000), running]).then(() => {
    isStopped = true;
  });
  await clock.play(() => isStopped);
  await stopped;
  assert.equal(suspects.inside.size, 0, 'nobody stays written down');
  return { source, sink, letters, counters };
}

function assertOrder(stored: readonly Frame[]): void {
  const last = new Map<string, number>();
  for (const { address, body } of stored) {
    const number = Number(Buffer.from(body ?? []).toString());
    assert.ok(
      number > (last.get(address) ?? -1),
      `invariant 5: ${number} came after ${last.get(address)} on ${address}`,
    );
    last.set(address, number);
  }
}

test('under any schedule of cuts, refusals, failures and slow functions every delivery ends once, in order, counted and bounded', async () => {
  await onSeeds(
    fc.asyncProperty(plan, async (wish) => {
      const { source, sink, letters, counters } = await simulate(wish);
      for (const [id, outcomes] of source.settlements)
        assert.equal(outcomes.length, 1, `invariant 2: ${id} was settled ${outcomes.join(', ')}`);
      assert.ok(source.mostOpen <= wish.window, `invariant 4: ${source.mostOpen} open in a window of ${wish.window}`);
      assert.ok(sink.mostOpen <= wish.maxInFlight, `${sink.mostOpen} sends open where ${wish.maxInFlight} are allowed`);
      // A bus that fails one frame and takes the next one under way has swapped them itself; one at a time it cannot.
      if (wish.fault === 0 || wish.maxInFlight === 1) assertOrder(sink.stored);
      assert.equal(counters.held, 0);
      assert.equal(imbalance(counters), 0);
      assert.equal(letters.length, counters.deadLettered, 'every dead letter is recorded');
      assert.ok(sink.stored.length >= counters.delivered, 'invariant 1: what counts as delivered is stored');
      if (wish.fault === 0) assert.equal(sink.stored.length, counters.delivered, 'and nothing else is, or twice');
      assert.equal(counters.delivered + counters.dropped + counters.deadLettered, wish.messages, 'nothing is lost');
      const sentenced = letters.flatMap(({ failure, coordinates }) =>
        failure.code === 'PROCESS_ENDED' ? coordinates : [],
      );
      const due = Object.entries(wish.crashCount).filter(
        ([n, count]) => count >= MOST_ENDS && Number(n) < wish.messages,
      );
      assert.deepEqual(sentenced.toSorted(), due.map(([number]) => `s:${number}`).toSorted(), 'they, and nobody else');
      assert.equal(counters.unexplainedDuplicates, 0, 'every duplicate is explained by a sending of our own');
    }),
    { seeds: 1000, file: import.meta.url },
  );
});
