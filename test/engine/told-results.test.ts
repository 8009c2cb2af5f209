import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SendResult } from '../../runtime/contract/send-result.ts';
import type { Sink } from '../../runtime/contract/sink.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { ListSource, sinkThat, started } from './started-route.ts';

for (const trafficClass of ['event', 'telemetry'] as const) {
  test(`class ${trafficClass}: a fault of the bridge while a result is told is thrown in a turn of its own, not into the driver`, async (t) => {
    const told: SendResult[] = [];
    const sink: Sink = { ...sinkThat(), sendTo: (_frame, result) => void told.push(result) };
    const frames = ['1', '2', '3'].map((text) => frameForTest(`k${text}/x`, text));
    const source = new ListSource(frames, {
      settle() {
        throw new Error('a fault of the bridge');
      },
    });
    started([], { source, sink, trafficClass });
    await settleNow();
    assert.equal(told.length, frames.length);
    const later: (() => void)[] = [];
    t.mock.method(globalThis, 'queueMicrotask', (act: () => void) => void later.push(act));
    for (const result of told) result.confirmed('confirmed');
    assert.equal(later.length, frames.length);
    for (const act of later) assert.throws(act, /a fault of the bridge/);
  });
}
