import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DeadLetter } from '../../runtime/contract/dead-letter.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import { CLASS_NAMES, CLASSES, type TrafficClass } from '../../runtime/contract/traffic-class.ts';
import { type Counters, imbalance, newCounters } from '../../runtime/engine/counters.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { frameForTest, routeForTest } from './route-for-test.ts';
import { SimulatedSink } from './simulated-buses.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { type Life, SimulatedProcessedIds, SimulatedLog, sinkOf } from './simulated-world.ts';
import { flakyStage } from './flaky-stage.ts';
import { onSeeds } from './seeds.ts';
import { VirtualClock } from './virtual-clock.ts';

const plan = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  trafficClass: fc.constantFrom(...CLASS_NAMES),
  messages: fc.integer({ min: 1, max: 120 }),
  keys: fc.integer({ min: 1, max: 6 }),
  window: fc.integer({ min: 1, max: 40 }),
  maxInFlight: fc.integer({ min: 1, max: 40 }),
  cut: fc.constantFrom(0, 0.02, 0.1),
  fault: fc.constantFrom(0, 0.05),
  throws: fc.constantFrom(0, 0.2),
  waits: fc.constantFrom(0, 0.3, 1),
  deaths: fc.integer({ min: 0, max: 3 }),
  /** Of the source's connection, where it can tell what comes again. */
  reconnects: fc.integer({ min: 0, max: 4 }),
  /** Publishers that swap their messages, and number them. */
  swaps: fc.constantFrom(0, 0.2),
  /** Publishers of telemetry that send a message once more, under its id. */
  copies: fc.constantFrom(0, 0.2),
  expires: fc.constantFrom(undefined, 200, 2000),
  isTelling: fc.boolean(),
  drain: fc.constantFrom(undefined, 200),
  /** A real spool stands before the stages, on a disk that is one only while the test runs. */
  hasSpool: fc.boolean(),
  /** Of a list; each is away at times of its own. */
  sinks: fc.constantFrom(1, 1, 1, 1, 2, 3),
  /** Each sink takes some messages only, and some are taken by none. */
  chooses: fc.boolean(),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** What became of the messages that one sink takes. */
interface Outcome {
  readonly published: readonly Frame[];
  readonly stored: readonly Frame[];
  readonly letters: readonly DeadLetter[];
}

interface Simulated {
  /** At each sink. */
  readonly outcomes: readonly Outcome[];
  readonly mostOpen: number;
  /** Of each life. */
  readonly counters: readonly Counters[];
}

function takes({ sinks, chooses }: Plan, sink: number): (number: number) => boolean {
  return sinks > 1 && chooses ? (number) => number % (sink + 2) === 0 : () => true;
}

/** Bursts of one key, numbered over all; some change places with the one before of their key, some are there twice. */
function publications(clock: VirtualClock, { trafficClass, messages, keys, swaps, copies }: Plan): Frame[] {
  const numbers = Array.from({ length: messages }, (_, index) => index);
  for (let at = 1; at < messages; at += 1) {
    if (at % 8 === 0 || clock.random() >= swaps) continue;
    [numbers[at - 1], numbers[at]] = [numbers[at] ?? 0, numbers[at - 1] ?? 0];
  }
  const isTwice = (): boolean => trafficClass === 'telemetry' && copies > 0 && clock.random() < copies;
  return numbers.flatMap((number) => {
    const frame = frameForTest(`k${Math.floor(number / 8) % keys}/x`, String(number));
    return isTwice() ? [frame, frame] : [frame];
  });
}

async function simulate(wish: Plan): Promise<Simulated> {
  const clock = new VirtualClock(wish.seed);
  const log = new SimulatedLog(clock, publications(clock, wish), wish.isTelling);
  const sinks = Array.from(
    { length: wish.sinks },
    () => new SimulatedSink(clock, { ...wish, refuse: 0, removesDuplicates: false }),
  );
  const [first] = sinks;
  assert.ok(first);
  const allIds = new SimulatedProcessedIds(clock);
  const rules = CLASSES[wish.trafficClass];
  const window = { messages: wish.window, bytes: 1_000_000 };
  const letters: DeadLetter[] = [];
  const lives: { life: Life; route: RunningRoute; counters: Counters }[] = [];
  using disk = new SimulatedDisk(clock, wish.trafficClass, wish.swaps > 0);
  const begin = (): void => {
    const life: Life = { isOver: false };
    const counters = newCounters();
    const source = wish.hasSpool ? disk.spool(life, log.source(life), window) : log.source(life);
    const needsIds = rules.oneAtATime || rules.marksRepeats;
    const processedIds = needsIds ? (disk.processedIds ?? allIds.processedIds(life)) : undefined;
    const { route } = routeForTest({
      source,
      sink: sinkOf(life, first),
      moreSinks: sinks.slice(1).map((sink) => sinkOf(life, sink)),
      takesBySink: sinks.map(
        (_, at) =>
          ({ body }) =>
            takes(wish, at)(Number(body)),
      ),
      clock,
      counters,
      trafficClass: wish.trafficClass,
      stages: [flakyStage(clock, wish)],
      window,
      // A message is never given up here: what a class keeps is judged.
      attempts: 1000,
      sequence: wish.swaps > 0 ? (view) => String(view.body) : undefined,
      id: wish.copies > 0 ? (view) => String(view.body) : undefined,
      expiresAfterMs: wish.trafficClass === 'audit' ? undefined : wish.expires,
      drainPerSecond: rules.mayDrain ? wish.drain : undefined,
      processedIds,
      deadLetters: {
        record(letter) {
          if (life.isOver) return new Promise(() => {});
          letters.push(letter);
          return Promise.resolve(undefined);
        },
      },
    });
    const running = new RunningRoute(route);
    running.run().catch(() => {});
    lives.push({ life, route: running, counters });
  };
  begin();
  for (let death = 0; death < wish.deaths; death += 1) {
    clock.after(clock.pick(400 * (death + 1)), () => {
      const last = lives.at(-1);
      if (last === undefined || (log.isEmpty && disk.isEmpty)) return;
      last.life.isOver = true;
      disk.died();
      log.died();
      begin();
    });
  }
  for (let broken = 0; wish.isTelling && broken < wish.reconnects; broken += 1) {
    clock.after(clock.pick(200 * (broken + 1)), () => log.reconnected());
  }
  await clock.play(() => {
    assert.equal(imbalance(lives.at(-1)?.counters ?? newCounters()), 0, 'invariant 3, at every quiet moment');
    return log.isEmpty && disk.isEmpty;
  });
  let isStopped = false;
  void lives
    .at(-1)
    ?.route.stop(1000)
    .then(() => (isStopped = true));
  await clock.play(() => isStopped);
  const outcomes = sinks.map(({ stored }, at): Outcome => {
    const isTaken = (frame: Frame): boolean => takes(wish, at)(numberOf(frame));
    return { published: log.frames.filter(isTaken), stored, letters: letters.filter(({ frame }) => isTaken(frame)) };
  });
  return { outcomes, mostOpen: log.mostOpen, counters: lives.map(({ counters }) => counters) };
}

const numberOf = ({ body }: Frame): number => Number(Buffer.from(body ?? []).toString());

function byKey(frames: readonly Frame[]): Map<string, Frame[]> {
  const found = new Map<string, Frame[]>();
  for (const frame of frames) found.set(frame.address, [...(found.get(frame.address) ?? []), frame]);
  return found;
}

/** In the order that counts for the class: the publisher's numbers where it has them, else the order of arrival. */
function placeOf({ published }: Outcome, { swaps }: Plan): (frame: Frame) => number {
  if (swaps > 0) return numberOf;
  const places = new Map(published.map((frame, place) => [numberOf(frame), place]));
  return (frame) => places.get(numberOf(frame)) ?? -1;
}

/** An older message of a key never stands behind a newer one, not even as a duplicate. */
function assertNeverBack(outcome: Outcome, wish: Plan): void {
  const place = placeOf(outcome, wish);
  for (const [key, frames] of byKey(outcome.stored)) {
    for (const [at, frame] of frames.entries()) {
      const before = frames[at - 1];
      if (before === undefined) continue;
      assert.ok(place(frame) >= place(before), `${numberOf(frame)} came after ${numberOf(before)} on ${key}`);
    }
  }
}

function ended({ stored, letters }: Outcome): Set<number> {
  return new Set([...stored, ...letters.map(({ frame }) => frame)].map(numberOf));
}

const RULES: Readonly<Record<TrafficClass, (outcome: Outcome, wish: Plan) => void>> = {
  telemetry(outcome, wish) {
    assertNeverBack(outcome, wish);
    assert.equal(outcome.letters.length, 0, 'what is superseded or expired is counted, no dead letter');
    if (wish.expires !== undefined) return;
    // A newer one that this sink does not take has replaced it, as the docs say.
    if (wish.sinks > 1 && wish.chooses) return;
    const place = placeOf(outcome, wish);
    const newest = byKey(outcome.published.toSorted((a, b) => place(a) - place(b)));
    const arrived = byKey(outcome.stored);
    for (const [key, frames] of newest) {
      const [wanted, last] = [frames.at(-1), arrived.get(key)?.at(-1)];
      assert.equal(last && numberOf(last), wanted && numberOf(wanted), `the newest of ${key} is not the last`);
    }
  },
  command(outcome, wish) {
    assertNeverBack(outcome, wish);
    assert.equal(ended(outcome).size, outcome.published.length, 'each is delivered or a dead letter');
    const codes = new Set(outcome.letters.map(({ failure }) => failure.code));
    codes.delete('EXPIRED');
    if (wish.swaps > 0) codes.delete('STALE');
    assert.deepEqual([...codes], [], 'and a dead letter only when expired or stale');
  },
  event(outcome, wish) {
    assert.equal(ended(outcome).size, outcome.published.length, 'each is delivered or a dead letter');
    assertFirstInOrder(outcome, wish);
  },
  audit(outcome, wish) {
    assert.equal(outcome.letters.length, 0);
    assert.equal(ended(outcome).size, outcome.published.length, 'without a gap');
    assertFirstInOrder(outcome, wish);
    const seen = new Set<number>();
    for (const frame of outcome.stored) {
      const number = numberOf(frame);
      if (seen.has(number)) assert.ok(frame.headers.has('replayed'), `${number} came again and does not say so`);
      seen.add(number);
    }
  },
};

function assertFirstInOrder(
  { published, stored }: Outcome,
  { fault, maxInFlight, expires, deaths, reconnects }: Plan,
): void {
  // What expired and comes again, its acknowledgement lost, begins a new life: expiry counts from arrival here.
  if (expires !== undefined && deaths + reconnects > 0) return;
  // A bus that fails one frame and takes the next one under way has swapped them itself; one at a time it cannot.
  if (fault > 0 && maxInFlight > 1) return;
  const places = new Map(published.map((frame, place) => [numberOf(frame), place]));
  for (const [key, frames] of byKey(stored)) {
    const seen = new Set<number>();
    let last = -1;
    for (const frame of frames) {
      const place = places.get(numberOf(frame)) ?? -1;
      if (!seen.has(place)) assert.ok(place > last, `${numberOf(frame)} came for the first time too late on ${key}`);
      seen.add(place);
      last = Math.max(last, place);
    }
  }
}

/**
 * A command was sent, the process died before that was durable, and the command had expired when it came again. The older
 * command behind it, which the publisher had sent late, was then sent.
 */
const EXPIRED_AFTER_IT_WAS_SENT: Plan = {
  seed: 2147483622,
  trafficClass: 'command',
  messages: 53,
  keys: 2,
  window: 6,
  maxInFlight: 2,
  cut: 0,
  fault: 0,
  throws: 0.2,
  waits: 0,
  deaths: 3,
  reconnects: 0,
  swaps: 0.2,
  copies: 0,
  expires: 200,
  isTelling: false,
  drain: undefined,
  hasSpool: true,
  sinks: 1,
  chooses: false,
};

/**
 * A list of sinks: a message that was stale at a sink was reported before it had left its queue. The next message of the key came
 * into the queue within that report, and left it in its place.
 */
const FOLLOWED_BEFORE_IT_LEFT: Plan = {
  seed: 0,
  trafficClass: 'telemetry',
  messages: 32,
  keys: 1,
  window: 2,
  maxInFlight: 1,
  cut: 0,
  fault: 0,
  throws: 0,
  waits: 0.3,
  deaths: 0,
  reconnects: 0,
  swaps: 0.2,
  copies: 0,
  expires: undefined,
  isTelling: false,
  drain: undefined,
  hasSpool: false,
  sinks: 3,
  chooses: false,
};

test('each class keeps its word under any schedule of cuts, faults, slow functions, swaps, expiries and deaths of the process', async () => {
  await onSeeds(
    fc.asyncProperty(plan, async (wish) => {
      const { outcomes, mostOpen, counters: ofLives } = await simulate(wish);
      assert.ok(mostOpen <= wish.window, `invariant 4: ${mostOpen} open`);
      for (const counters of ofLives) assert.equal(imbalance(counters), 0);
      assert.equal(ofLives.at(-1)?.held, 0);
      for (const outcome of outcomes) RULES[wish.trafficClass](outcome, wish);
    }),
    { seeds: 1200, file: import.meta.url, examples: [EXPIRED_AFTER_IT_WAS_SENT, FOLLOWED_BEFORE_IT_LEFT] },
  );
});
