import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { Receipt, Sink } from '../../runtime/contract/sink.ts';
import type { Source } from '../../runtime/contract/source.ts';
import type { TrafficClass } from '../../runtime/contract/traffic-class.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { frameForTest, routeForTest } from './route-for-test.ts';
import { VirtualClock } from './virtual-clock.ts';

const SERVERS = 3;
const KEYS = 300;
/** How long a server takes for one frame. */
const SERVICE_MS = 6;
const OUTAGE_MS = 6000;

/** Always has another message; each key in turn. */
function endlessSource(): Source {
  let next = 0;
  return {
    read(room) {
      const batch = Array.from({ length: Math.min(room.messages, 20) }, () => {
        const number = (next += 1);
        const frame = frameForTest(`k${number % KEYS}/x`, String(number));
        return { id: `s:${number}`, frame, attempt: 1, settle() {} };
      });
      return Promise.resolve(batch);
    },
    close: () => Promise.resolve(),
  };
}

/**
 * A cluster whose servers share the keys, as leaders of partitions do. Each takes one frame after the other; the frames of
 * a server that is away fail after a while, as a client's requests do that run into their time limit.
 */
class Cluster implements Sink {
  readonly maxInFlight = 96;
  readonly isDown: boolean[] = Array.from({ length: SERVERS }, () => false);
  readonly #clock: VirtualClock;
  readonly #freeAtMs: number[] = Array.from({ length: SERVERS }, () => 0);

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  send(frame: Frame): Promise<Receipt> {
    const server = Number(frame.address.slice(1).split('/')[0]) % SERVERS;
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new SluiceError('SINK_DOWN', `server ${server} is away`));
      if (this.isDown[server] === true) {
        this.#clock.after(1 + this.#clock.pick(80), fail);
        return;
      }
      const doneAtMs = Math.max(this.#clock.nowMs(), this.#freeAtMs[server] ?? 0) + SERVICE_MS;
      this.#freeAtMs[server] = doneAtMs;
      this.#clock.after(doneAtMs - this.#clock.nowMs(), () =>
        this.isDown[server] === true ? fail() : resolve('confirmed'),
      );
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function scene(trafficClass: TrafficClass, seed: number) {
  const clock = new VirtualClock(seed);
  const cluster = new Cluster(clock);
  const { route } = routeForTest({
    source: endlessSource(),
    sink: cluster,
    clock,
    trafficClass,
    window: { messages: 256, bytes: 1e7 },
  });
  const { counters } = route.observers;
  const running = new RunningRoute(route);
  void running.run();
  const goOn = async (ms: number): Promise<number> => {
    const before = counters.delivered;
    let isOver = false;
    clock.after(ms, () => (isOver = true));
    await clock.play(() => isOver, 1_000_000);
    return ((counters.delivered - before) * 1000) / ms;
  };
  return { clock, cluster, counters, goOn };
}

const classes: readonly TrafficClass[] = ['telemetry', 'command', 'event', 'audit'];
for (const trafficClass of classes) {
  test(`${trafficClass}: while one server of three is away the route does not flap, and it is back at its speed 10 s after`, async () => {
    const { cluster, counters, goOn } = scene(trafficClass, 7);
    const formerRate = await goOn(3000);
    for (let server = 0; server < SERVERS; server += 1) {
      const before = counters.rewinds;
      cluster.isDown[server] = true;
      await goOn(OUTAGE_MS);
      const whileAway = counters.rewinds - before;
      cluster.isDown[server] = false;
      await goOn(10_000);
      const afterwards = counters.rewinds - before - whileAway;
      const rate = await goOn(3000);
      assert.ok(whileAway <= 12, `it went back ${whileAway} times in ${OUTAGE_MS} ms`);
      assert.ok(afterwards <= 2, `it went back ${afterwards} times after the server was well`);
      assert.ok(rate >= 0.9 * formerRate, `${rate} a second, ${formerRate} before`);
    }
  });
}
