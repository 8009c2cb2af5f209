import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery } from '../../runtime/contract/delivery.ts';
import type { LoggedTime } from '../../runtime/contract/sink.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { ProcessedIds } from '../../runtime/contract/processed-ids.ts';
import { imbalance } from '../../runtime/engine/counters.ts';
import { RecoveredIds } from '../../runtime/engine/send/recovered-ids.ts';
import { frameForTest, type RouteParts, settleNow } from './route-for-test.ts';
import { bodies, ListSource, sinkThat, stageThat, started } from './started-route.ts';

const LATER: LoggedTime = { latestMs: Number.POSITIVE_INFINITY };
/** More deliveries than any id is kept for. */
const MANY = 70_000;

const frames = (count: number, more: Partial<Frame> = {}): Frame[] =>
  Array.from({ length: count }, (_, at) => frameForTest('k/x', String(at + 1), more));

/** A route that starts on what an earlier process may have sent; `held` are ids of the sink's log. */
function startedOn(
  given: readonly Frame[],
  held: Readonly<Record<string, LoggedTime>>,
  { delivery = { attempt: undefined }, ...parts }: Partial<RouteParts> & { delivery?: Partial<Delivery> } = {},
) {
  const others: (string | undefined)[] = [];
  const recoveredIds = new RecoveredIds(new Map(Object.entries(held)), ({ id }) => others.push(id));
  const source = new ListSource(given, delivery);
  return { ...started([], { recoveredIds, source, ...parts }), source, others };
}

test('what the sink holds already is not sent again, counts as repeated and is settled; the books stay even', async () => {
  const { sink, source, counters } = startedOn(frames(4), { 'p/r/s:1': LATER, 'p/r/s:3': LATER });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['2', '4']);
  assert.deepEqual([...source.settled.values()], ['accept', 'accept', 'accept', 'accept']);
  const { accepted, delivered, dropped, repeated, sent, unexplainedDuplicates } = counters;
  assert.deepEqual(
    { accepted, delivered, dropped, repeated, sent, unexplainedDuplicates },
    { accepted: 4, delivered: 2, dropped: 2, repeated: 2, sent: 2, unexplainedDuplicates: 0 },
  );
  assert.equal(imbalance(counters), 0);
});

test('of a message that was split, only the parts that the sink lacks are sent', async () => {
  const split = stageThat((message) => [0, 1, 2].map((part) => ({ ...message, id: `${message.id}.${part}` })));
  const held = { 'p/r/s:1.0': LATER, 'p/r/s:1.1': LATER, 'p/r/s:2.0': LATER, 'p/r/s:2.1': LATER, 'p/r/s:2.2': LATER };
  const { sink, counters } = startedOn(frames(3), held, { stages: [split] });
  await settleNow();
  assert.deepEqual(
    sink.sent.map(({ id }) => id),
    ['p/r/s:1.2', 'p/r/s:3.0', 'p/r/s:3.1', 'p/r/s:3.2'],
  );
  assert.deepEqual([counters.delivered, counters.repeated, imbalance(counters)], [2, 1, 0]);
});

test('a message of a first delivery is sent, whatever id it has', async () => {
  const { sink, counters } = startedOn(frames(2), { 'p/r/s:1': LATER }, { delivery: { attempt: 1 } });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['1', '2']);
  assert.deepEqual([counters.delivered, counters.repeated], [2, 0]);
});

test('a message that is younger than the one that the sink holds of its id is another one: it is sent, and that is said', async () => {
  const given = [...frames(1, { timestampMs: 5000 }), ...frames(1, { timestampMs: 5001 })];
  const { sink, others } = startedOn(given, { 'p/r/s:1': { latestMs: 5000 }, 'p/r/s:2': { latestMs: 5000 } });
  await settleNow();
  assert.deepEqual(
    sink.sent.map(({ id }) => id),
    ['p/r/s:2'],
  );
  assert.deepEqual(others, ['p/r/s:2']);
});

test('a message of another time than the one that the sink holds of its id is another one, older or younger, where the log has the time that was sent', async () => {
  const given = [4999, 5000, 5001].flatMap((timestampMs) => frames(1, { timestampMs }));
  const logged = { latestMs: 5000, ownMs: 5000 };
  const { sink, others } = startedOn(given, { 'p/r/s:1': logged, 'p/r/s:2': logged, 'p/r/s:3': logged });
  await settleNow();
  assert.deepEqual(
    [sink.sent.map(({ id }) => id), others],
    [
      ['p/r/s:1', 'p/r/s:3'],
      ['p/r/s:1', 'p/r/s:3'],
    ],
  );
});

test('where an id is unsure, only the time that was sent shows that a message is the one that the sink holds', async () => {
  const given = [...frames(2, { timestampMs: 5000 }), ...frames(1)];
  const held = { 'p/r/s:1': { latestMs: 9000 }, 'p/r/s:2': { latestMs: 5000, ownMs: 5000 }, 'p/r/s:3': LATER };
  const delivery = { attempt: undefined, isIdUnsure: true };
  const { sink, counters } = startedOn(given, held, { delivery });
  await settleNow();
  assert.deepEqual([sink.sent.map(({ id }) => id), counters.repeated], [['p/r/s:1', 'p/r/s:3'], 1]);
});

test('what was sent in time and expired since is no dead letter', async () => {
  const expiresAtMs = 1;
  const { sink, counters, letters, clock } = startedOn(frames(1, { expiresAtMs }), { 'p/r/s:1': LATER });
  await clock.play(() => counters.repeated === 1);
  assert.deepEqual([sink.sent.length, letters.length, counters.expired, imbalance(counters)], [0, 0, 0, 0]);
});

test('a redelivery of the same message, after a break of the source, is known again', async () => {
  const source = new ListSource([]);
  const redelivered: Delivery[] = [1, 2].map(() => ({
    id: 's:1',
    frame: frameForTest('k/x', '1'),
    attempt: 2,
    settle: () => source.settled.set('s:1', 'accept'),
  }));
  source.read = () => {
    const next = redelivered.shift();
    return next === undefined ? new Promise(() => {}) : Promise.resolve([next]);
  };
  const { sink, counters } = startedOn([], { 'p/r/s:1': LATER }, { source });
  await settleNow();
  assert.deepEqual([sink.sent.length, counters.repeated], [0, 2]);
});

test('a command that is in the sink is remembered: an older one of its key never follows it', async () => {
  const remembered: string[] = [];
  const processedIds: ProcessedIds = {
    addedAtMs: (id) => (remembered.includes(id) ? 0 : undefined),
    add({ id }) {
      remembered.push(id);
      return Promise.resolve();
    },
    sequences: () => new Map(),
  };
  const { sink, counters, letters } = startedOn(
    [frameForTest('k/x', '7'), frameForTest('k/x', '6')],
    { 'p/r/s:1': LATER },
    {
      trafficClass: 'command',
      processedIds,
      sequence: (view) => String(view.body),
      expiresAfterMs: 1e9,
    },
  );
  await settleNow();
  assert.deepEqual([sink.sent.length, counters.repeated, counters.deadLettered], [0, 1, 1]);
  assert.deepEqual(
    letters.map(({ failure }) => failure.code),
    ['STALE'],
  );
  assert.equal(remembered[0], 'p/r/s:1');
});

test('the ids are forgotten when they cannot matter any more', async () => {
  const sink = sinkThat();
  const held = { [`p/r/s:${MANY}`]: LATER };
  const { counters } = startedOn(frames(MANY), held, { sink, window: { messages: 1000, bytes: 1e9 } });
  for (let turn = 0; turn < 1000 && counters.delivered + counters.repeated < MANY; turn += 1) await settleNow();
  assert.deepEqual([counters.delivered, counters.repeated], [MANY, 0]);
});
