import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Replayed } from '../../runtime/contract/delivery.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { frameForTest, routeForTest, type RouteParts, settleNow } from './route-for-test.ts';
import { bodies, ListSource, sinkThat, stageThat, started } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

const REPLAY: Replayed = {
  letter: 7,
  attempts: 4,
  receivedAtMs: 0,
  expiresAtMs: undefined,
  traceId: undefined,
  spanId: undefined,
};

/** A letter that comes back into a route whose messages live for a second. */
function back(replay: Partial<Replayed>, parts: Partial<RouteParts> = {}) {
  const clock = new VirtualClock(1);
  const source = new ListSource([frameForTest('k/x', 'body')], { id: 'c7', replay: { ...REPLAY, ...replay } });
  const sink = sinkThat();
  const made = routeForTest({ source, sink, clock, expiresAfterMs: 1000, ...parts });
  void new RunningRoute(made.route).run();
  return { ...made, clock, sink };
}

test('the life of a letter counts from when it was first read, not from its replay', async () => {
  const { letters, sink } = back({ receivedAtMs: new VirtualClock(1).nowMs() - 1001 });
  await settleNow();
  assert.deepEqual([letters[0]?.failure.code, sink.sent.length], ['EXPIRED', 0]);
});

test('a renewed expiry stands for every other, and goes out with it', async () => {
  const expiresAtMs = new VirtualClock(1).nowMs() + 300_000;
  const { sink } = back({ receivedAtMs: 0, expiresAtMs });
  await settleNow();
  assert.deepEqual([bodies(sink.sent), sink.sent[0]?.expiresAtMs], [['body'], expiresAtMs]);
});

test('it goes out under the id that it would have had, and dies as the letter that it was', async () => {
  const parts = { expiresAfterMs: undefined };
  const first = back({}, parts);
  await settleNow();
  assert.equal(first.sink.sent[0]?.id, 'p/r/c7');
  const stages = [
    stageThat(() => {
      throw new SluiceError('TRANSFORM_REJECTED', 'no');
    }),
  ];
  const { letters } = back({ receivedAtMs: 5 }, { ...parts, stages });
  await settleNow();
  const [letter] = letters;
  assert.deepEqual(
    [letter?.number, letter?.attempts, letter?.receivedAtMs, letter?.coordinates, letter?.key],
    [7, 5, 5, 'c7', 'k'],
  );
});

test('while the store is full one line says it, whatever waits, and the route says when it is written again', async () => {
  let isFull = true;
  const said: string[] = [];
  const log = (event: string): void => void said.push(event);
  const troubles: (string | undefined)[] = [];
  const { clock, counters } = started(
    ['a/1', 'b/1', 'c/1'].map((address) => frameForTest(address, '')),
    {
      stages: [
        stageThat(() => {
          throw new SluiceError('TRANSFORM_REJECTED', 'no');
        }),
      ],
      log: { info: log, warn: log, error: log },
      onDeadLetters: (trouble) => troubles.push(trouble?.code),
      deadLetters: {
        record: () => (isFull ? Promise.reject(new SluiceError('LETTERS_FULL', 'full')) : Promise.resolve(undefined)),
      },
    },
  );
  const startMs = clock.nowMs();
  await clock.play(() => clock.nowMs() - startMs > 5000);
  assert.deepEqual(said, ['dead-letter-unwritten']);
  assert.deepEqual([counters.held, counters.deadLettered], [3, 0]);
  isFull = false;
  await clock.play(() => counters.deadLettered === 3);
  assert.deepEqual(troubles, ['LETTERS_FULL', undefined]);
  assert.equal(said.filter((event) => event === 'dead-letters-written').length, 1);
});
