import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SequenceTracker } from '../../runtime/engine/history/sequence-tracker.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, started } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

test('a stale message ends as its class says', async () => {
  const frames = ['5', '3', '6'].map((body) => frameForTest('a/x', body));
  const run = async (trafficClass: 'telemetry' | 'command' | 'event' | 'audit') => {
    const scene = started(frames, {
      trafficClass,
      sequence: (view) => String(view.body),
    });
    await settleNow();
    const stale = scene.sink.sent.filter(({ headers }) => headers.has('stale'));
    return { ...scene, sent: bodies(scene.sink.sent), marked: bodies(stale) };
  };
  const telemetry = await run('telemetry');
  assert.ok(!telemetry.sent.includes('3'));
  assert.equal(telemetry.letters.length, 0);
  const command = await run('command');
  assert.deepEqual(command.sent, ['5', '6']);
  assert.deepEqual(
    command.letters.map(({ failure }) => failure.code),
    ['STALE'],
  );
  const event = await run('event');
  assert.deepEqual([event.sent, event.marked], [['5', '3', '6'], []]);
  const audit = await run('audit');
  assert.deepEqual([audit.sent, audit.marked], [['5', '3', '6'], ['3']]);
});

test('a sequence is a number or a time, and anything else is a dead letter', async () => {
  const odd = [
    'soon',
    '1e3',
    '0x7fffffffffff',
    '+1',
    ' 1',
    '',
    '1.',
    'Infinity',
    '9'.repeat(400),
    '2026-11-25T24:00:00Z',
  ];
  const frames = ['-1', '0.5', '2026-11-25T10:00:00Z', '2026-11-25T09:59:59.9+00:00', '1000', ...odd].map((body) =>
    frameForTest('a/x', body),
  );
  const { sink, letters } = started(frames, { trafficClass: 'command', sequence: (view) => String(view.body) });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['-1', '0.5', '2026-11-25T10:00:00Z']);
  assert.deepEqual(letters.map(({ failure }) => failure.code).toSorted(), [
    ...odd.map(() => 'SEQUENCE_INVALID'),
    'STALE',
    'STALE',
  ]);
});

test('expiry counts from the time that the route names', async () => {
  const clock = new VirtualClock(1);
  const madeAtMs = clock.nowMs() - 10_000;
  const { sink, counters } = started(
    [frameForTest('a/x', String(madeAtMs)), frameForTest('a/x', String(madeAtMs + 9000))],
    { clock, timestamp: { of: (view) => String(view.body), unit: 'ms' }, expiresAfterMs: 5000 },
  );
  await settleNow();
  assert.equal(counters.expired, 1);
  assert.deepEqual(
    sink.sent.map(({ timestampMs, expiresAtMs }) => [timestampMs, expiresAtMs]),
    [[madeAtMs + 9000, madeAtMs + 14_000]],
  );
});

test('the sequences of as many keys as the bound says are remembered, and beyond it the one that sent least recently is forgotten', () => {
  const sequences = new SequenceTracker(new Map(), 3);
  for (const lane of ['a', 'b', 'c', 'a', 'd']) sequences.sent(lane, 5);
  assert.equal(sequences.size, 3);
  assert.ok(sequences.isStale('a', 4) && sequences.isStale('c', 4) && sequences.isStale('d', 4));
  assert.ok(!sequences.isStale('b', 4), 'a stale message of it passes');
});
