import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '../../runtime/contract/frame.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { frameForTest, routeForTest, settleNow } from './route-for-test.ts';
import { bodies, ListSource, sinkThat, started } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

const NOW = new VirtualClock(1).nowMs();
const WANTED = { needsPublisherTime: true, expiresAfterMs: 30_000 };

function framesOf(...times: readonly Pick<Frame, 'timestampMs' | 'stampedBy'>[]): Frame[] {
  return times.map((time, at) => frameForTest('a/x', `${at}`, time));
}

test("expires of: publisher takes the publisher's time, and neither none nor that of the server for it", async () => {
  const { sink, letters } = started(
    framesOf(
      { timestampMs: NOW - 1000 },
      { timestampMs: undefined },
      { timestampMs: NOW - 1000, stampedBy: 'server' },
      { timestampMs: NOW - 31_000 },
    ),
    WANTED,
  );
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['0']);
  assert.deepEqual(
    letters.map(({ frame, failure: { code, place } }) => [...bodies([frame]), code, place.stage]),
    [
      ['1', 'TIMESTAMP_MISSING', 'decode'],
      ['2', 'TIMESTAMP_MISSING', 'decode'],
      ['3', 'EXPIRED', undefined],
    ],
  );
});

test('a time that the route names is of the publisher, whatever the bus says', async () => {
  const timestamp = { of: (): string => String(NOW - 1000), unit: 'ms' } as const;
  const { sink } = started(framesOf({ timestampMs: undefined }, { timestampMs: NOW, stampedBy: 'server' }), {
    ...WANTED,
    timestamp,
  });
  await settleNow();
  assert.deepEqual(
    sink.sent.map(({ timestampMs, expiresAtMs }) => [timestampMs, expiresAtMs]),
    [
      [NOW - 1000, NOW + 29_000],
      [NOW - 1000, NOW + 29_000],
    ],
  );
});

test('a dead letter without a time may be replayed with a renewed expiry', async () => {
  const replay = { letter: 7, attempts: 1, receivedAtMs: 0, traceId: undefined, spanId: undefined };
  const source = new ListSource(framesOf({ timestampMs: undefined }), {
    replay: { ...replay, expiresAtMs: NOW + 5000 },
  });
  const sink = sinkThat();
  void new RunningRoute(routeForTest({ source, sink, clock: new VirtualClock(1), ...WANTED }).route).run();
  await settleNow();
  assert.deepEqual(
    sink.sent.map(({ expiresAtMs }) => expiresAtMs),
    [NOW + 5000],
  );
});
