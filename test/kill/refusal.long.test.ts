import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { backlog } from './backlog.ts';
import type { Bridge } from '../harness/bridge.ts';
import { advanced, drained, settleIn } from './drain.ts';
import { FLAWLESS, judge } from './judge.ts';
import { type Field, type Scene, setScene } from './scene.ts';

const DEADLINE_MS = 20_000;
const WINDOW = 256;
/** Long enough for some tries, each of which is refused. */
const WITHOUT_MS = 2000;

// Two at a time: much of it is waiting.
void describe('a stream that refuses', { concurrency: 2 }, () => {
  for (const [kind, name] of [
    ['mqtt', 'MQTT'],
    ['jetstream', 'JetStream'],
  ] as const satisfies readonly (readonly [Field, string])[]) {
    const needs = ['mosquitto-process', 'nats-process'] as const;

    serverTest(
      `while the stream of the sink does not exist nothing from ${name} is confirmed or acknowledged, and all of it comes in order once it does`,
      { needs },
      async () => {
        await using scene = await setScene(kind, { route: { from: { window: { messages: WINDOW } } } });
        await settleIn(scene);
        const bridge = scene.start();
        await bridge.ready();
        await scene.tracks.remove();
        const sent = [...backlog(8, 2000)];
        await scene.publish(sent);
        await withoutConfirmation(scene, bridge, sent.length);
        await scene.tracks.create();
        await drained(scene, sent.length, bridge);
        assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
        const said = bridge.lines().find(({ event }) => event === 'bus-problem');
        assert.equal(said?.['code'], 'BUS_MISSING');
        assert.match(String(said?.['text']), /TRACKS/);
      },
    );

    serverTest(
      `a bridge from ${name} that is killed while the stream of its sink does not exist has acknowledged nothing`,
      { needs },
      async () => {
        await using scene = await setScene(kind, { route: { from: { window: { messages: WINDOW } } } });
        await settleIn(scene);
        const bridge = scene.start();
        await bridge.ready();
        await scene.tracks.remove();
        const sent = [...backlog(8, 1000)];
        await scene.publish(sent);
        await withoutConfirmation(scene, bridge, sent.length);
        await bridge.kill();
        await scene.tracks.create();
        await drained(scene, sent.length);
        assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
      },
    );

    serverTest(
      `a stream that mid-drain refuses what it took before, and takes it again, loses nothing from ${name} and stores nothing twice`,
      { needs },
      async () => {
        await using scene = await setScene(kind);
        await settleIn(scene);
        const sent = [...backlog(8, 10_000)];
        await scene.publish(sent);
        const bridge = scene.start();
        for (const part of [2000, 5000]) {
          await advanced(scene, part, bridge);
          await scene.tracks.take(['elsewhere']);
          await sleep(WITHOUT_MS / 2);
          await scene.tracks.take(['tracks.>']);
        }
        await drained(scene, sent.length, bridge);
        assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
        assert.ok(bridge.lines().some(({ event, code }) => event === 'sink-stalled' && code === 'SINK_DOWN'));
      },
    );
  }
});

/** For a while nothing is confirmed: everything stays with the source, a window of it in the bridge. */
async function withoutConfirmation(scene: Scene, bridge: Bridge, total: number): Promise<void> {
  await bridge.said(({ event, code }) => event === 'sink-stalled' && code === 'SINK_DOWN', 1, DEADLINE_MS);
  await waitFor(async () => (await bridge.metric('sluice_pipeline_held')) === WINDOW, DEADLINE_MS, 'a full window');
  await sleep(WITHOUT_MS);
  assert.equal(await bridge.metric('messaging_client_sent_messages_total'), 0);
  assert.equal(await bridge.metric('sluice_pipeline_accepted_total'), WINDOW);
  assert.equal(await bridge.metric('sluice_pipeline_held'), WINDOW);
  if (scene.reports !== undefined) assert.equal(await scene.reports.unacknowledged(), total);
  assert.equal((await bridge.ask('/livez')).status, 200);
}
