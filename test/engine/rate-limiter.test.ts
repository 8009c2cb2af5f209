import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Receipt } from '../../runtime/contract/sink.ts';
import { RateLimiter } from '../../runtime/engine/send/rate-limiter.ts';
import { frameForTest } from './route-for-test.ts';
import { bodies, sinkThat, started } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

test('a backlog goes at the pace, to the frame, and what comes later as fast as it comes', async () => {
  const clock = new VirtualClock(1);
  const times: number[] = [];
  let waiting = 50;
  const pace: RateLimiter = new RateLimiter(10, clock, () => go());
  const go = (): void => {
    while (waiting > 0 && pace.take()) {
      waiting -= 1;
      times.push(clock.nowMs() - 1_000_000);
    }
  };
  go();
  await clock.play(() => waiting === 0);
  assert.equal(times[0], 0);
  assert.equal(times.at(-1), 4900);
  let isLater = false;
  clock.after(1500, () => (isLater = true));
  await clock.play(() => isLater);
  pace.take();
  // The first after a calm second finds it over.
  waiting = 20;
  go();
  assert.equal(waiting, 0);
  pace.begin();
  waiting = 20;
  go();
  assert.equal(waiting, 19, 'an outage begins it anew');
});

test('a backlog keeps its pace when the clock is set months back or ahead meanwhile', async () => {
  for (const months of [-3, 3]) {
    const clock = new VirtualClock(1);
    const times: number[] = [];
    let waiting = 20;
    const pace: RateLimiter = new RateLimiter(10, clock, () => go());
    const go = (): void => {
      while (waiting > 0 && pace.take()) {
        waiting -= 1;
        times.push(clock.elapsedMs() - 1_000_000);
        if (waiting === 10) clock.set(months * 30 * 86_400_000);
      }
    };
    go();
    await clock.play(() => waiting === 0);
    assert.deepEqual(
      times,
      Array.from({ length: 20 }, (_, index) => index * 100),
    );
  }
});

test('after an outage a route with a drain sends what waited at that rate, oldest first', async () => {
  const frames = Array.from({ length: 30 }, (_, index) => frameForTest(`k${index % 3}/x`, String(index)));
  const times: number[] = [];
  const clock = new VirtualClock(1);
  let isDown = true;
  clock.after(3000, () => (isDown = false));
  const sink = sinkThat((): Promise<Receipt> => {
    if (isDown) return Promise.reject(new SluiceError('SINK_DOWN', 'away'));
    times.push(clock.nowMs());
    return Promise.resolve('confirmed');
  });
  const { counters } = started(frames, { clock, sink, drainPerSecond: 20, window: { messages: 100, bytes: 1e6 } });
  await clock.play(() => counters.delivered === 30);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  assert.ok(last - first >= 1300, `${last - first} ms for 30 frames at 20 a second`);
  assert.ok(last - first <= 1700, `${last - first} ms`);
  assert.deepEqual(
    bodies(sink.sent.slice(-29)),
    frames.slice(1).map((_, index) => String(index + 1)),
  );
});
