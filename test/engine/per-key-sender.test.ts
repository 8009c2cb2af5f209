import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Receipt } from '../../runtime/contract/sink.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, never, sinkThat, stageThat, started } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';
import { withBody } from '../../runtime/contract/message.ts';

const WIDE = { messages: 50_000, bytes: 1e9 };
const down = (): Promise<Receipt> => Promise.reject(new SluiceError('SINK_DOWN', 'away'));

test('telemetry: after an outage one message of each key goes out, the newest first, and the others are superseded', async () => {
  const frames = Array.from({ length: 1000 }, (_, index) => frameForTest(`k${index % 100}/x`, String(index)));
  const clock = new VirtualClock(1);
  let isDown = true;
  const sink = sinkThat((): Promise<Receipt> => (isDown ? down() : Promise.resolve('confirmed')));
  const { counters, source } = started(frames, { clock, sink, trafficClass: 'telemetry', window: WIDE });
  await settleNow();
  assert.equal(counters.superseded, 900);
  assert.equal(counters.held, 100);
  sink.sent.length = 0;
  isDown = false;
  await clock.play(() => counters.delivered === 100);
  const sent = bodies(sink.sent).map(Number);
  assert.deepEqual(
    sent.toSorted((a, b) => a - b),
    Array.from({ length: 100 }, (_, index) => 900 + index),
  );
  const firstHalf = sent.slice(0, 50).reduce((sum, number) => sum + number, 0) / 50;
  assert.ok(firstHalf > 955, `the first half is ${firstHalf} on average: not the newest first`);
  assert.ok(sent.indexOf(900) < 10, 'and who has waited longest is not the last');
  assert.equal(source.settled.size, 1000, 'all are settled: those superseded too');
});

test('telemetry: while nothing can be sent one message of each key is held, also of those that waited for an earlier end', async () => {
  const clock = new VirtualClock(1);
  const written: (() => void)[] = [];
  const processedIds = {
    addedAtMs: () => undefined,
    add: () => new Promise<void>((resolve) => written.push(resolve)),
    sequences: () => new Map<string, number>(),
  };
  const frames = Array.from({ length: 400 }, (_, index) => frameForTest(`k${index % 40}/x`, String(index)));
  const { counters } = started(frames, {
    clock,
    sink: sinkThat(down),
    trafficClass: 'telemetry',
    window: { messages: 60, bytes: 1e6 },
    processedIds,
  });
  let isLater = false;
  clock.after(5000, () => (isLater = true));
  // The writing goes on, a few at a time.
  const write = (): void => {
    for (const done of written.splice(0, 7)) done();
    clock.after(20, write);
  };
  write();
  await clock.play(() => isLater);
  assert.equal(counters.superseded, 360);
  assert.equal(counters.held, 40);
});

test('telemetry: memory is bounded by the window, whatever the number of keys: then nothing more is read', async () => {
  const frames = Array.from({ length: 500 }, (_, index) => frameForTest(`k${index}/x`, String(index)));
  const clock = new VirtualClock(1);
  const { counters } = started(frames, {
    clock,
    sink: sinkThat(down),
    trafficClass: 'telemetry',
    window: { messages: 200, bytes: 1e6 },
  });
  await settleNow();
  assert.equal(counters.accepted, 200);
  assert.equal(counters.superseded, 0);
});

test('telemetry: what waits behind a slow function gives way to a newer one of its key too', async () => {
  const frames = [1, 2, 3, 4, 5].map((number) => frameForTest('k/x', String(number)));
  const clock = new VirtualClock(1);
  const stages = [stageThat((message) => clock.sleep(100).then(() => withBody(message, message.body)))];
  const { counters, sink } = started(frames, { clock, stages, trafficClass: 'telemetry' });
  await clock.play(() => counters.held === 0);
  assert.deepEqual(bodies(sink.sent), ['1', '5']);
  assert.equal(counters.superseded, 3);
});

test('command: one message of a key is under way at a time, and keys do not wait for each other', async () => {
  const frames = ['a/x', 'a/x', 'b/x', 'a/x'].map((address, index) => frameForTest(address, String(index)));
  const answers: (() => void)[] = [];
  const sink = sinkThat(() => new Promise((resolve) => answers.push(() => resolve('confirmed'))));
  started(frames, { sink, trafficClass: 'command' });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['0', '2']);
  answers[0]?.();
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['0', '2', '1']);
});

test('command: the next of a key waits until the one before is remembered', async () => {
  const frames = ['1', '2'].map((body) => frameForTest('a/x', body));
  const written: (() => void)[] = [];
  const known = new Set<string>();
  const { sink, source } = started(frames, {
    trafficClass: 'command',
    processedIds: {
      addedAtMs: (id) => (known.has(id) ? 0 : undefined),
      add: () => new Promise((resolve) => written.push(resolve)),
      sequences: () => new Map(),
    },
  });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['1']);
  assert.equal(source.settled.size, 0, 'and is not settled before');
  written[0]?.();
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['1', '2']);
  assert.equal(source.settled.size, 1);
});

test('command: what was delivered before a crash is not sent again when it comes again', async () => {
  const frames = ['1', '2'].map((body) => frameForTest('a/x', body));
  const { sink, counters, source } = started(frames, {
    trafficClass: 'command',
    processedIds: {
      addedAtMs: (id) => (id.endsWith('s:1') ? 0 : undefined),
      add: () => Promise.resolve(),
      sequences: () => new Map(),
    },
  });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['2']);
  assert.equal(counters.repeated, 1);
  assert.equal(source.settled.get('s:1'), 'accept');
});

test('command: what expires while the sink is away is a dead letter then, and frees the window for the next', async () => {
  const clock = new VirtualClock(1);
  const frames = Array.from({ length: 6 }, (_, index) => frameForTest(`k${index}/x`, String(index)));
  const { counters, letters } = started(frames, {
    clock,
    sink: sinkThat(down),
    trafficClass: 'command',
    expiresAfterMs: 5000,
    window: { messages: 3, bytes: 1e6 },
  });
  await clock.play(() => counters.accepted === 6);
  assert.deepEqual(
    letters.slice(0, 3).map(({ failure }) => failure.code),
    ['EXPIRED', 'EXPIRED', 'EXPIRED'],
  );
  assert.equal(counters.expired, 3);
});

test('a message of its own fault is tried again while other keys go on, and is a dead letter after its tries', async () => {
  const clock = new VirtualClock(1);
  const sink = sinkThat((frame) =>
    frame.address === 'bad/x' ? Promise.reject(new SluiceError('SINK_FAILED', 'no')) : Promise.resolve('confirmed'),
  );
  const frames = ['bad/x', 'bad/x', 'good/x', 'good/x'].map((address, index) => frameForTest(address, String(index)));
  const { counters, letters } = started(frames, { clock, sink, trafficClass: 'command' });
  await settleNow();
  assert.equal(counters.delivered, 2, 'neighbours do not wait');
  await clock.play(() => counters.held === 0);
  assert.deepEqual(
    letters.map(({ failure }) => failure.code),
    ['SINK_FAILED', 'SINK_FAILED'],
  );
});

test('a key of a class that works by keys must be there', async () => {
  const { letters } = started([frameForTest('a/x', '1')], {
    trafficClass: 'telemetry',
    key: undefined,
    needsKey: true,
  });
  await settleNow();
  assert.deepEqual(
    letters.map(({ failure }) => failure.code),
    ['KEY_MISSING'],
  );
});

const dedupe = (durable: Set<string>) => ({
  comparesContent: false,
  by: (view: { readonly body: unknown }) => String(view.body),
  processedIds: {
    addedAtMs: (id: string) => (durable.has(id) ? 0 : undefined),
    add: async ({ id }: { readonly id: string }) => {
      await Promise.resolve();
      durable.add(id);
    },
    sequences: () => new Map<string, number>(),
  },
});

test('of a message that its publisher repeats one passes, and the repetition is settled only after the first', async () => {
  const answers: (() => void)[] = [];
  const sink = sinkThat(() => new Promise((resolve) => answers.push(() => resolve('confirmed'))));
  const frames = ['same', 'same', 'other'].map((body) => frameForTest('a/x', body));
  const { source, counters } = started(frames, { sink, dedupe: dedupe(new Set()) });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['same', 'other']);
  assert.equal(source.settled.size, 0);
  for (const answer of answers) answer();
  await settleNow();
  assert.deepEqual([counters.delivered, counters.repeated, source.settled.size], [2, 1, 3]);
});

test('where the first of two repetitions does not pass, the second is tried', async () => {
  let calls = 0;
  const stages = [
    stageThat((message) => {
      calls += 1;
      if (calls === 1) throw new SluiceError('TRANSFORM_REJECTED', 'no');
      return withBody(message, message.body);
    }),
  ];
  const frames = ['same', 'same', 'same'].map((body) => frameForTest('a/x', body));
  const { sink, letters, counters } = started(frames, { stages, dedupe: dedupe(new Set()) });
  await settleNow();
  assert.equal(letters.length, 1);
  assert.deepEqual(bodies(sink.sent), ['same']);
  assert.deepEqual([counters.delivered, counters.repeated, counters.held], [1, 1, 0]);
});

test('a stop gives back what waits of a key as well as what is under way', async () => {
  const clock = new VirtualClock(1);
  const { route, source, counters } = started(
    ['1', '2', '3'].map((body) => frameForTest('a/x', body)),
    {
      clock,
      sink: sinkThat(never),
      trafficClass: 'command',
    },
  );
  await settleNow();
  let isStopped = false;
  void route.stop(1000).then(() => (isStopped = true));
  await clock.play(() => isStopped);
  assert.equal(counters.released, 3);
  assert.deepEqual([...source.settled.values()], ['release', 'release', 'release']);
});
