import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverTest } from '../harness/server-test.ts';
import { patient } from '../harness/patience.ts';
import { setClassScene } from './scene.ts';
import { arrived, held, publish, stopped, storedOf } from './traffic.ts';

/** In which a bridge is killed and starts again. */
const WINDOW_MS = Math.round(patient(6000));
/** In which the bridge finds its sink again. */
const ORDER_MS = Math.round(patient(4000));

serverTest(
  'command: what expires while the sink is away is never sent and is a dead letter, the rest goes out oldest first',
  { needs: ['nats'] },
  async () => {
    await using scene = await setClassScene([
      {
        name: 'orders',
        class: 'command',
        from: { key: '{subject.1}', expires: `${ORDER_MS}ms` },
        to: { subject: 'out.{key}' },
      },
    ]);
    const bridge = scene.start();
    await bridge.ready();
    await scene.link.cut();
    const units = ['in.a', 'in.b', 'in.c'];
    await publish(scene, units, 1);
    await held(bridge, 3);
    await bridge.said(({ event, code }) => event === 'dead-letter' && code === 'EXPIRED', 1, 10_000);
    await held(bridge, 0);
    for (const n of [2, 3, 4]) await publish(scene, units, n);
    await scene.link.mend();
    await arrived(scene, 9);
    const stored = await scene.output.read(storedOf);
    for (const unit of ['out.a', 'out.b', 'out.c']) {
      assert.deepEqual(
        stored.filter(({ subject }) => subject === unit).map(({ n }) => n),
        [2, 3, 4],
      );
    }
    assert.equal(bridge.lines().filter(({ event }) => event === 'dead-letter').length, 3);
    await stopped(bridge);
  },
);

serverTest(
  'drain: after an outage a backlog goes out no faster than the route says, oldest first',
  { needs: ['nats'] },
  async () => {
    await using scene = await setClassScene([
      { name: 'events', from: { key: '{subject.1}' }, to: { subject: 'out.{key}' }, drain: '100/s' },
    ]);
    const bridge = scene.start();
    await bridge.ready();
    await scene.link.cut();
    for (let n = 1; n <= 200; n += 1) await publish(scene, ['in.a'], n);
    await held(bridge, 200);
    await scene.link.mend();
    await arrived(scene, 200);
    const stored = await scene.output.read(storedOf);
    assert.deepEqual(
      stored.map(({ n }) => n),
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    const tookMs = (stored.at(-1)?.atMs ?? 0) - (stored[0]?.atMs ?? 0);
    assert.ok(tookMs > 1800, `200 messages at 100 a second took ${Math.round(tookMs)} ms`);
    await stopped(bridge);
  },
);

serverTest(
  'dedupe: of what its publisher repeats one passes, over a kill -9 of the bridge too, until the window is over',
  { needs: ['nats'] },
  async () => {
    await using scene = await setClassScene([
      {
        name: 'tasks',
        from: { key: '{subject.1}', dedupe: { by: '{body.n}', window: `${WINDOW_MS}ms` } },
        to: { subject: 'out.{key}' },
      },
    ]);
    const first = scene.start();
    await first.ready();
    const numbers = [1, 2, 3];
    for (const n of [...numbers, ...numbers]) await publish(scene, ['in.a'], n);
    await arrived(scene, 3);
    await held(first, 0);
    await first.kill();
    const second = scene.start();
    await second.ready();
    for (const n of [...numbers, 4]) await publish(scene, ['in.a'], n);
    await arrived(scene, 4);
    await sleep(WINDOW_MS + 500);
    await publish(scene, ['in.a'], 1);
    await arrived(scene, 5);
    assert.deepEqual(
      (await scene.output.read(storedOf)).map(({ n }) => n),
      [1, 2, 3, 4, 1],
    );
    await stopped(second);
  },
);
