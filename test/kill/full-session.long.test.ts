import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { serverTest } from '../harness/server-test.ts';
import { backlog } from './backlog.ts';
import { drained, settleIn } from './drain.ts';
import { FLAWLESS, judge } from './judge.ts';
import { type SceneOptions, setScene } from './scene.ts';

const QUEUED = 100_000;
const needs = ['mosquitto-process', 'nats-process'] as const;

async function drainsAll(t: TestContext, options: SceneOptions): Promise<void> {
  await using scene = await setScene('mqtt', options);
  await settleIn(scene);
  const sent = [...backlog(50, QUEUED)];
  await scene.publish(sent);
  const startMs = performance.now();
  await drained(scene, QUEUED);
  t.diagnostic(`${QUEUED} messages in ${Math.round(performance.now() - startMs)} ms, start and stop included`);
  assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
}

serverTest('a session with 100,000 queued messages drains, 20 at a time by the will of its server', { needs }, (t) =>
  drainsAll(t, { mosquitto: { maxInflight: 20, maxQueued: 200_000 } }),
);

serverTest(
  'a session with 100,000 queued messages drains from a server that knows no bound of its own',
  { needs },
  (t) => drainsAll(t, { mosquitto: { maxInflight: 0, maxQueued: 200_000 } }),
);

serverTest(
  'a session with 100,000 queued messages drains over MQTT 3.1.1, where no client can ask for a bound',
  { needs },
  (t) => drainsAll(t, { mosquitto: { maxInflight: 0, maxQueued: 200_000 }, connection: { protocol: '3.1.1' } }),
);
