import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverTest } from '../harness/server-test.ts';
import { patient } from '../harness/patience.ts';
import { waitFor } from '../harness/wait-for.ts';
import { setClassScene } from './scene.ts';
import { arrived, held, publish, stopped, type Stored, storedOf } from './traffic.ts';

serverTest(
  'telemetry: after an outage 10,000 keys are fresh within 2 s, each once, with its newest value',
  { needs: ['nats'] },
  async () => {
    await using scene = await setClassScene([
      { name: 'positions', class: 'telemetry', from: { key: '{subject.1}' }, to: { subject: 'out.{key}' } },
    ]);
    const bridge = scene.start();
    await bridge.ready();
    await scene.link.cut();
    const keys = Array.from({ length: 10_000 }, (_, index) => `in.k${index}`);
    for (const n of [1, 2, 3]) await publish(scene, keys, n);
    await waitFor(async () => (await bridge.metric('sluice_pipeline_accepted_total')) === 30_000, 30_000, 'all taken');
    // What was superseded is settled once that is written down.
    await held(bridge, 10_000);
    await scene.link.mend();
    await arrived(scene, 10_000);
    await held(bridge, 0);
    const stored = await scene.output.read(storedOf);
    assert.equal(stored.length, 10_000);
    assert.ok(stored.every(({ n }) => n === 3));
    assert.equal(new Set(stored.map(({ subject }) => subject)).size, 10_000);
    const [first, last] = [stored[0]?.atMs ?? 0, stored.at(-1)?.atMs ?? 0];
    assert.ok(last - first < patient(2000), `${Math.round(last - first)} ms from the first key to the last`);
    await stopped(bridge);
  },
);

serverTest(
  'priority: on a slow link a command does not stand behind a backlog of class audit, and the backlog goes on',
  { needs: ['nats'] },
  async () => {
    await using scene = await setClassScene([
      { name: 'log', class: 'audit', from: { subjects: ['in.log.*'] }, to: { subject: 'out.log' } },
      {
        name: 'orders',
        class: 'command',
        from: { subjects: ['in.order.*'], key: '{subject.2}', expires: '1m' },
        to: { subject: 'out.order.{key}' },
      },
    ]);
    const bridge = scene.start();
    await bridge.ready();
    scene.link.limit(30_000);
    await publish(
      scene,
      Array.from({ length: 1000 }, () => 'in.log.x'),
      0,
      { padding: 'x'.repeat(1000) },
    );
    await arrived(scene, 30);
    for (let order = 0; order < 10; order += 1) {
      await publish(scene, [`in.order.k${order}`], Date.now());
      await sleep(500);
    }
    const orders = async (): Promise<Stored[]> =>
      (await scene.output.read(storedOf)).filter(({ subject }) => subject.startsWith('out.order.'));
    await waitFor(async () => (await orders()).length === 10, 30_000, 'the orders');
    const latest = Math.max(...(await orders()).map(({ n, atMs }) => atMs - n));
    // 256 messages of the backlog under way are 9 s of this link.
    assert.ok(latest < patient(2500), `an order took ${Math.round(latest)} ms`);
    const before = await scene.output.count();
    await waitFor(async () => (await scene.output.count()) > before + 5, 1000, 'the backlog to go on');
    scene.link.limit(undefined);
    await stopped(bridge);
  },
);
