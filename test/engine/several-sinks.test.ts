import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Log } from '../../runtime/contract/log.ts';
import type { ProcessedIds } from '../../runtime/contract/processed-ids.ts';
import type { Receipt } from '../../runtime/contract/sink.ts';
import { imbalance } from '../../runtime/engine/counters.ts';
import { RecoveredIds } from '../../runtime/engine/send/recovered-ids.ts';
import { accepted, numbered, patientSink } from './numbered.ts';
import { frameForTest, type RouteParts, settleNow } from './route-for-test.ts';
import { bodies, ListSource, sinkThat, started } from './started-route.ts';

/** A route with two sinks. */
function twoSinks(
  first: ReturnType<typeof sinkThat>,
  second: ReturnType<typeof sinkThat>,
  parts: Partial<RouteParts> = {},
) {
  const source = new ListSource(numbered(2));
  return { ...started([], { source, sink: first, moreSinks: [second], ...parts }), source };
}

for (const trafficClass of ['event', 'command'] as const) {
  test(`${trafficClass}: one delivery to two sinks goes to both, and is settled when both have confirmed it`, async () => {
    const [fast, slow] = [sinkThat(), patientSink()];
    const { source, counters } = twoSinks(fast, slow.sink, { trafficClass });
    await settleNow();
    assert.deepEqual([bodies(fast.sent)[0], bodies(slow.sink.sent)[0], source.settled.size], ['1', '1', 0]);
    await slow.confirm();
    await slow.confirm();
    assert.deepEqual(Object.fromEntries(source.settled), accepted(2));
    assert.deepEqual(
      [bodies(fast.sent), bodies(slow.sink.sent)],
      [
        ['1', '2'],
        ['1', '2'],
      ],
    );
    assert.deepEqual([counters.delivered, counters.sent, imbalance(counters)], [2, 4, 0]);
  });
}

test('an outage of one of two sinks repeats nothing at the other one', async () => {
  let isDown = true;
  const sink = sinkThat();
  const away = sinkThat(() =>
    isDown ? Promise.reject(new SluiceError('SINK_DOWN', 'away')) : Promise.resolve('confirmed'),
  );
  const { source, clock, counters } = twoSinks(sink, away);
  await settleNow();
  assert.deepEqual([bodies(sink.sent), source.settled.size], [['1', '2'], 0]);
  isDown = false;
  await clock.play(() => source.settled.size === 2);
  assert.deepEqual([bodies(sink.sent), counters.delivered, imbalance(counters)], [['1', '2'], 2, 0]);
});

test('a message that one of two sinks refuses for good is one dead letter, whichever sink ends it first', async () => {
  for (const isFirst of [true, false]) {
    const refusing = sinkThat(() => Promise.reject(new SluiceError('ADDRESS_INVALID', 'no')));
    const { source, clock, letters, counters } = isFirst
      ? twoSinks(refusing, sinkThat())
      : twoSinks(sinkThat(), refusing);
    await clock.play(() => source.settled.size === 2);
    assert.deepEqual(letters.map(({ coordinates }) => coordinates).toSorted(), ['s:1', 's:2']);
    assert.ok(letters.every(({ failure }) => failure.place.stage === (isFirst ? 'to 1' : 'to 2')));
    assert.deepEqual([counters.deadLettered, counters.delivered, imbalance(counters)], [2, 0, 0]);
  }
});

test('command: the next message of a key reaches no sink before the one before has ended at all of them', async () => {
  const [fast, slow] = [sinkThat(), patientSink()];
  const { counters } = twoSinks(fast, slow.sink, { trafficClass: 'command' });
  await settleNow();
  assert.deepEqual([bodies(fast.sent), bodies(slow.sink.sent)], [['1'], ['1']]);
  await slow.confirm();
  assert.deepEqual([bodies(fast.sent), bodies(slow.sink.sent), counters.delivered], [['1', '2'], ['1', '2'], 1]);
});

test('audit: whether a message is stale is judged for each sink', async () => {
  let isDown = true;
  const away = sinkThat(() =>
    isDown ? Promise.reject(new SluiceError('SINK_DOWN', 'away')) : Promise.resolve('confirmed'),
  );
  const sequence: RouteParts['sequence'] = ({ body }) => String(body);
  const { source, clock } = twoSinks(sinkThat(), away, { trafficClass: 'audit', sequence });
  await settleNow();
  isDown = false;
  away.sent.length = 0;
  await clock.play(() => source.settled.size === 2);
  assert.ok(away.sent.every(({ headers }) => !headers.has('stale')));
});

test('the messages of a route flow again when none of its sinks is stalled', async () => {
  const down = new Set([0, 1]);
  const at = (sink: number) => () =>
    down.has(sink) ? Promise.reject(new SluiceError('SINK_DOWN', 'away')) : Promise.resolve<Receipt>('confirmed');
  const flows: (boolean | string)[] = [];
  const onFlow = (isFlowing: boolean, why?: string): void => void flows.push(isFlowing || (why ?? ''));
  const stalled: string[] = [];
  const warn: Log['warn'] = (event, fields) =>
    void (event === 'sink-stalled' && stalled.push(String(fields?.['route'])));
  const log = { info() {}, warn, error() {} };
  const { source, clock, sink } = twoSinks(sinkThat(at(0)), sinkThat(at(1)), { onFlow, log });
  await settleNow();
  down.delete(1);
  let isLater = false;
  clock.after(5000, () => (isLater = true));
  await clock.play(() => isLater);
  assert.deepEqual([flows.at(-1), source.settled.size], ['to 1: SINK_DOWN away', 0], `${sink.sent.length}`);
  assert.deepEqual(stalled.toSorted(), ['r', 'r.2']);
  down.delete(0);
  await clock.play(() => source.settled.size === 2);
  assert.equal(flows.at(-1), true);
});

test('command: as many messages of a key as a window holds may end unsent in one turn', async () => {
  const count = 5000;
  let isDown = true;
  const away = sinkThat(() =>
    isDown ? Promise.reject(new SluiceError('SINK_DOWN', 'away')) : Promise.resolve('confirmed'),
  );
  const source = new ListSource(numbered(count));
  const window = { messages: count, bytes: 1_000_000 };
  const parts = { source, trafficClass: 'command', expiresAfterMs: 60_000, window } as const;
  const { clock, counters } = started([], { ...parts, sink: sinkThat(), moreSinks: [away] });
  await settleNow();
  // The first one keeps its key from all others until the sink is back: they expire.
  clock.after(120_000, () => (isDown = false));
  await clock.play(() => source.settled.size === count);
  assert.deepEqual([counters.expired, imbalance(counters)], [count, 0]);
});

for (const [trafficClass, expected] of [
  ['command', []],
  ['telemetry', []],
  ['audit', ['4 yes']],
] as const) {
  test(`${trafficClass}: a message is stale at a sink whose log holds a newer one, also where another sink lacks that one`, async () => {
    const frames = ['5', '4'].map((body) => frameForTest('k/x', body, { timestampMs: Number(body) }));
    // After a kill between the sinks: the log of the first one holds message 5.
    const recoveredIds = new RecoveredIds(new Map([['p/r/s:1', { latestMs: 100, ownMs: 5 }]]), () => {});
    const [first, second] = [sinkThat(), sinkThat()];
    const source = new ListSource(frames, { attempt: 2 });
    const sequence: RouteParts['sequence'] = ({ body }) => String(body);
    started([], { source, sink: first, moreSinks: [second], trafficClass, recoveredIds, sequence });
    await settleNow();
    assert.deepEqual(
      first.sent.map((frame) => `${bodies([frame])[0]} ${frame.headers.get('stale')?.[0]}`),
      expected,
    );
    assert.equal(bodies(second.sent)[0], '5');
  });
}

for (const trafficClass of ['telemetry', 'command'] as const) {
  test(`${trafficClass}: the message behind one that a sink ends unsent takes its turn`, async () => {
    const frames = ['2', '1', '3'].map((body) => frameForTest('k/x', body));
    const source = new ListSource(frames);
    const sequence: RouteParts['sequence'] = ({ body }) => String(body);
    const [first, second] = [patientSink(), patientSink()];
    // The next message of a key waits until the id of the one before is saved.
    const processedIds: ProcessedIds = {
      addedAtMs: () => undefined,
      sequences: () => new Map(),
      add: () => settleNow(),
    };
    const parts = { source, sink: first.sink, moreSinks: [second.sink], trafficClass, sequence, processedIds };
    const { counters } = started([], parts);
    await settleNow();
    for (let round = 0; round < 4; round += 1) {
      await first.confirm();
      await second.confirm();
      await settleNow();
    }
    assert.deepEqual(
      [bodies(first.sink.sent), bodies(second.sink.sent)],
      [
        ['2', '3'],
        ['2', '3'],
      ],
    );
    assert.deepEqual([source.settled.size, counters.delivered, imbalance(counters)], [3, 2, 0]);
  });
}
