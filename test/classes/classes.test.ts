import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsMsg } from '@nats-io/jetstream';
import { law } from '../harness/law.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Bridge } from '../kill/bridge.ts';
import { setClassScene, type ClassScene } from './scene.ts';

const STOP_MS = 20_000;

interface Stored {
  readonly subject: string;
  readonly n: number;
  /** When the stream took it. */
  readonly atMs: number;
}

const storedOf = (message: JsMsg): Stored => ({
  subject: message.subject,
  n: message.json<{ n: number }>().n,
  atMs: message.info.timestampNanos / 1e6,
});

/** Puts numbered messages into the stream IN. */
async function publish({ input }: ClassScene, subjects: Iterable<string>, n: number, more: object = {}): Promise<void> {
  let sent = 0;
  for (const subject of subjects) {
    input.connection.publish(subject, JSON.stringify({ n, ...more }));
    if ((sent += 1) % 1000 === 0) await input.connection.flush();
  }
  await input.connection.flush();
}

async function stopped(bridge: Bridge): Promise<void> {
  assert.equal(await bridge.terminate(STOP_MS), 'exit code 0', bridge.tail());
}

const held = (bridge: Bridge, count: number): Promise<unknown> =>
  waitFor(async () => (await bridge.metric('sluice_messages_held')) === count, 30_000, `${count} held messages`);

const arrived = ({ output }: ClassScene, count: number): Promise<unknown> =>
  waitFor(async () => (await output.count()) >= count, 60_000, `${count} messages in OUT`);

law(
  'telemetry: after an outage 10,000 keys are fresh within 2 s, each once, with its newest value',
  { needs: ['nats-process'] },
  async () => {
    await using scene = await setClassScene([
      { name: 'positions', class: 'telemetry', from: { key: '{subject.1}' }, to: { subject: 'out.{key}' } },
    ]);
    const bridge = scene.start();
    await bridge.ready();
    await scene.link.cut();
    const keys = Array.from({ length: 10_000 }, (_, index) => `in.k${index}`);
    for (const n of [1, 2, 3]) await publish(scene, keys, n);
    await waitFor(async () => (await bridge.metric('sluice_messages_accepted_total')) === 30_000, 30_000, 'all taken');
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
    assert.ok(last - first < 2000, `${Math.round(last - first)} ms from the first key to the last`);
    await stopped(bridge);
  },
);

law(
  'command: what expires while the sink is away is never sent and is a dead letter, the rest goes out oldest first',
  { needs: ['nats-process'] },
  async () => {
    await using scene = await setClassScene([
      { name: 'orders', class: 'command', from: { key: '{subject.1}', expires: '4s' }, to: { subject: 'out.{key}' } },
    ]);
    const bridge = scene.start();
    await bridge.ready();
    await scene.link.cut();
    const units = ['in.a', 'in.b', 'in.c'];
    await publish(scene, units, 1);
    await held(bridge, 3);
    await bridge.said(({ event, code }) => event === 'dead-letter' && code === 'EXPIRED', 10_000, 'an expired order');
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

law(
  'drain: after an outage a backlog goes out no faster than the route says, oldest first',
  { needs: ['nats-process'] },
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

law(
  'priority: on a slow link a command does not stand behind a backlog of class audit, and the backlog goes on',
  { needs: ['nats-process'] },
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
    assert.ok(latest < 2500, `an order took ${Math.round(latest)} ms`);
    const before = await scene.output.count();
    await sleep(1000);
    assert.ok((await scene.output.count()) > before + 5, 'the backlog goes on');
    scene.link.limit(undefined);
    await stopped(bridge);
  },
);

law(
  'dedupe: of what its publisher repeats one passes, over a kill -9 of the bridge too, until the window is over',
  { needs: ['nats-process'] },
  async () => {
    await using scene = await setClassScene([
      {
        name: 'tasks',
        from: { key: '{subject.1}', dedupe: { by: '{body.n}', window: '6s' } },
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
    await sleep(6500);
    await publish(scene, ['in.a'], 1);
    await arrived(scene, 5);
    assert.deepEqual(
      (await scene.output.read(storedOf)).map(({ n }) => n),
      [1, 2, 3, 4, 1],
    );
    await stopped(second);
  },
);
