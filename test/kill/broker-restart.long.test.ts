import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { Broker } from '../harness/broker.ts';
import { serverTest } from '../harness/server-test.ts';
import type { Link } from '../harness/link.ts';
import { backlog } from './backlog.ts';
import type { Bridge } from '../harness/bridge.ts';
import { advanced, drained, settleIn } from './drain.ts';
import { FLAWLESS, judge } from './judge.ts';
import { dice, seedOfRun } from './random.ts';
import { type Field, type Scene, type SceneOptions, setScene } from './scene.ts';

const TOTAL = 20_000;
const CUTS = 16;
const BETWEEN_CUTS_MS = 250;

/** Slow enough that the backlog outlasts the trouble, while much is under way at any time. */
const SLOW: SceneOptions = { links: true, route: { from: { window: { messages: 64 } } } };
const DELAY_MS = 20;

/** One bridge, never killed, drains a backlog while there is `trouble`. */
async function drainThrough(scene: Scene, trouble: (bridge: Bridge) => Promise<void>): Promise<void> {
  await settleIn(scene);
  const sent = [...backlog(8, TOTAL)];
  await scene.publish(sent);
  scene.fieldLink.delayMs(DELAY_MS);
  scene.coreLink.delayMs(DELAY_MS);
  const bridge = scene.start();
  await advanced(scene, 500, bridge);
  await trouble(bridge);
  scene.fieldLink.delayMs(0);
  scene.coreLink.delayMs(0);
  await drained(scene, TOTAL, bridge);
  assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
}

async function isMidDrain(scene: Scene): Promise<void> {
  assert.ok((await scene.tracks.count()) < TOTAL, 'all was drained before the last trouble: it proves nothing');
}

/** Kills the server three times; it comes back at once, with its data. */
async function killAndRestart(scene: Scene, server: Broker, bridge: Bridge): Promise<void> {
  for (const part of [2000, 4000, 6000]) {
    await advanced(scene, part, bridge);
    await isMidDrain(scene);
    await server.kill();
    await server.restart();
  }
}

/** Cuts the link every 250 ms, for a moment. */
async function flap(t: TestContext, scene: Scene, link: Link): Promise<void> {
  const seed = seedOfRun();
  const roll = dice(seed);
  t.diagnostic(`SLUICE_SEED=${seed}`);
  for (let cut = 0; cut < CUTS; cut += 1) {
    await sleep(roll(BETWEEN_CUTS_MS / 2, (BETWEEN_CUTS_MS * 3) / 2));
    await isMidDrain(scene);
    await link.cut();
    await sleep(roll(0, 30));
    await link.mend();
  }
}

// Two at a time: much of it is waiting.
void describe('servers and links that come and go under a running bridge', { concurrency: 2 }, () => {
  for (const [kind, name] of [
    ['mqtt', 'MQTT'],
    ['jetstream', 'JetStream'],
  ] as const satisfies readonly (readonly [Field, string])[]) {
    const needs = ['mosquitto-process', 'nats-process'] as const;

    serverTest(
      `the server of the sink is killed 3 times while a bridge from ${name} drains: nothing is lost, out of order or stored twice`,
      { needs },
      async () => {
        await using scene = await setScene(kind, SLOW);
        await drainThrough(scene, (bridge) => killAndRestart(scene, scene.core, bridge));
      },
    );

    for (const end of ['source', 'sink'] as const) {
      serverTest(
        `the ${end}'s link is cut every ${BETWEEN_CUTS_MS} ms while a bridge from ${name} drains: nothing is lost, out of order or stored twice`,
        { needs },
        async (t) => {
          await using scene = await setScene(kind, SLOW);
          await drainThrough(scene, () => flap(t, scene, end === 'source' ? scene.fieldLink : scene.coreLink));
        },
      );
    }
  }

  serverTest(
    'the server of the source is killed 3 times while a bridge from JetStream drains: nothing is lost, out of order or stored twice',
    { needs: ['nats-process'] },
    async () => {
      await using scene = await setScene('jetstream', SLOW);
      await drainThrough(scene, (bridge) => killAndRestart(scene, scene.field, bridge));
    },
  );
});
