import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { Receipt, Sink } from '../../runtime/contract/sink.ts';
import { CLASSES, type TrafficClass } from '../../runtime/contract/traffic-class.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { AdaptiveConcurrency } from '../../runtime/engine/send/adaptive-concurrency.ts';
import { frameForTest, routeForTest } from './route-for-test.ts';
import { ListSource } from './started-route.ts';
import { VirtualClock } from './virtual-clock.ts';

/** On the slow link a frame takes so long. */
const FRAME_MS = 10;

/** One slow link that all routes share; each has its own sink at it. */
class SlowLink {
  readonly #clock: VirtualClock;
  #freeAtMs = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  sink(onArrival: (frame: Frame) => void): Sink {
    return {
      maxInFlight: 256,
      send: (frame) => {
        this.#freeAtMs = Math.max(this.#freeAtMs, this.#clock.nowMs()) + FRAME_MS;
        return new Promise<Receipt>((resolve) => {
          this.#clock.after(this.#freeAtMs - this.#clock.nowMs(), () => {
            onArrival(frame);
            resolve('confirmed');
          });
        });
      },
      close: () => Promise.resolve(),
    };
  }
}

interface Run {
  /** How long each command took, in milliseconds. */
  readonly tookMs: readonly number[];
  /** Messages of the lower class that arrived meanwhile. */
  readonly lower: number;
}

/** Sends commands every so often beside a backlog of a lower class, for ten seconds. */
async function besideBacklog(lowerClass: TrafficClass, everyMs: number, yields: boolean): Promise<Run> {
  const clock = new VirtualClock(1);
  const link = new SlowLink(clock);
  let lower = 0;
  const tookMs: number[] = [];
  const polite = (sink: Sink): Sink => (yields ? new AdaptiveConcurrency(sink, CLASSES[lowerClass].rank, clock) : sink);
  const start = (trafficClass: TrafficClass, source: ListSource, sink: Sink): void => {
    const window = { messages: 256, bytes: 1_000_000 };
    void new RunningRoute(routeForTest({ source, sink, clock, trafficClass, window }).route).run();
  };
  const backlog = Array.from({ length: 2000 }, (_, index) => frameForTest(`k${index}/x`, String(index)));
  start(lowerClass, new ListSource(backlog), polite(link.sink(() => (lower += 1))));
  // Given time to fill the link.
  let isOver = false;
  const commands = link.sink(({ timestampMs }) => tookMs.push(clock.nowMs() - (timestampMs ?? 0)));
  for (let atMs = 2000; atMs < 10_000; atMs += everyMs) {
    clock.after(atMs, () => {
      const frame = frameForTest('valve/x', 'shut', { timestampMs: clock.nowMs() });
      start('command', new ListSource([frame]), commands);
    });
  }
  clock.after(12_000, () => (isOver = true));
  await clock.play(() => isOver);
  return { tookMs, lower };
}

const most = (numbers: readonly number[]): number => Math.max(...numbers);

for (const lowerClass of ['telemetry', 'event', 'audit'] as const) {
  test(`a command does not stand behind a backlog of class ${lowerClass} on a slow link, and the backlog goes on`, async () => {
    const rude = await besideBacklog(lowerClass, 500, false);
    const polite = await besideBacklog(lowerClass, 500, true);
    assert.equal(polite.tookMs.length, 16);
    // 256 frames of 10 ms each stand before it where nobody yields; where the window adapts 64, for moments 128.
    assert.ok(
      most(rude.tookMs) > (lowerClass === 'telemetry' ? 2000 : 1000),
      `${most(rude.tookMs)} ms without yielding`,
    );
    assert.ok(most(polite.tookMs) < 600, `${most(polite.tookMs)} ms`);
    assert.ok(polite.lower > rude.lower * 0.8, `${polite.lower} of ${rude.lower} frames`);
  });
}

test('a lower class is not starved by commands that fill the link', async () => {
  const { lower } = await besideBacklog('audit', FRAME_MS, true);
  assert.ok(lower > 50, `${lower} frames in 12 s`);
});

test('where confirmations come as fast as ever, nothing is held back', async () => {
  const clock = new VirtualClock(1);
  const sink: Sink = {
    maxInFlight: 256,
    send: () => clock.sleep(20).then(() => 'confirmed'),
    close: () => Promise.resolve(),
  };
  const adaptive = new AdaptiveConcurrency(sink, 3, clock);
  let isOver = false;
  const round = async (): Promise<void> => {
    for (let count = 0; count < 300; count += 1) {
      await Promise.all(Array.from({ length: adaptive.maxInFlight }, () => adaptive.send(frameForTest('a', 'b'))));
    }
    isOver = true;
  };
  void round();
  await clock.play(() => isOver);
  assert.equal(adaptive.maxInFlight, 256);
});
