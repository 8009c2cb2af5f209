import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { SinkTail } from '../../runtime/contract/sink.ts';
import { KnownSink } from '../../runtime/engine/known-sink.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, sinkThat, started } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

function scene(ids: readonly string[], removesForMs = 0) {
  const clock = new VirtualClock(1);
  const sink = sinkThat();
  const reads: string[] = [];
  const warnings: string[] = [];
  let isDenied = false;
  const tail: SinkTail = {
    removesForMs,
    read(prefix) {
      reads.push(prefix);
      if (isDenied) return Promise.reject(new SluiceError('BUS_AUTH', 'denied'));
      return Promise.resolve(new Set(ids));
    },
  };
  let known = 0;
  const made = new KnownSink(sink, tail, {
    route: 'r',
    prefix: 'p/r/',
    lookBack: 10,
    clock,
    log: { info() {}, warn: (event) => warnings.push(event), error() {} },
    onKnown: () => (known += 1),
  });
  return { made, sink, clock, reads, warnings, count: () => known, deny: () => (isDenied = true) };
}

const frame = (id: string) => frameForTest('a/x', id, { id });

test('what the log holds already is not written again, and counts as confirmed', async () => {
  const { made, sink, count } = scene(['1', '2']);
  await made.readBack();
  for (const id of ['1', '2', '3']) assert.equal(await made.send(frame(id)), 'confirmed');
  assert.deepEqual(bodies(sink.sent), ['3']);
  assert.equal(count(), 2);
  assert.equal(await made.send(frame('1')), 'confirmed', 'also when sending goes back to it');
  assert.deepEqual(bodies(sink.sent), ['3']);
});

test('after as many frames as were looked back for the log is forgotten', async () => {
  const { made, sink } = scene(['1']);
  await made.readBack();
  for (let number = 100; number < 110; number += 1) await made.send(frame(String(number)));
  await made.send(frame('1'));
  assert.equal(bodies(sink.sent).at(-1), '1');
});

test('a log that cannot be read is said and done without', async () => {
  const { made, sink, warnings, deny } = scene([]);
  deny();
  await made.readBack();
  await made.send(frame('1'));
  assert.deepEqual(bodies(sink.sent), ['1']);
  assert.deepEqual(warnings, ['tail-unread']);
});

test('after an outage that the bus does not remember the log is read before anything is sent', async () => {
  const { made, sink, clock, reads } = scene(['1'], 1000);
  await made.readBack();
  made.onFlow(false);
  let isLater = false;
  clock.after(400, () => (isLater = true));
  await clock.play(() => isLater);
  await made.send(frame('5'));
  assert.equal(reads.length, 1, 'the bus itself removes what was sent so short a time ago');
  clock.after(400, () => (isLater = true));
  isLater = false;
  await clock.play(() => isLater);
  assert.throws(() => made.send(frame('1')), { code: 'SINK_DOWN' });
  await settleNow();
  assert.equal(reads.length, 2);
  await made.send(frame('1'));
  await made.send(frame('6'));
  assert.deepEqual(bodies(sink.sent), ['5', '6']);
});

test('a route whose frames the log holds goes on behind them, in order', async () => {
  const { made, sink, clock } = scene(['p/r/s:1', 'p/r/s:3']);
  await made.readBack();
  const frames = ['1', '2', '3', '4'].map((body) => frameForTest('a/x', body));
  const { counters } = started(frames, { sink: made, clock });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['2', '4']);
  assert.equal(counters.delivered, 4);
  assert.equal(counters.unexplainedDuplicates, 0);
});
