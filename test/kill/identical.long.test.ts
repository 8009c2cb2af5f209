import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { serverTest } from '../harness/server-test.ts';
import { advanced, drained, settleIn } from './drain.ts';
import { dice } from './random.ts';
import { type Scene, setScene } from './scene.ts';

const needs = ['mosquitto-process', 'nats-process'] as const;
const ROUTE = { route: { from: { codec: 'bytes' }, stages: [] } } as const;
const CHUNK = 1000;

/** The publisher gives no ids: what a message is called is up to the bridge. */
async function publishOnOneTopic(scene: Scene, payloads: readonly string[]): Promise<void> {
  const sender = await connectAsync(scene.field.url, { protocolVersion: 5 });
  for (let sent = 0; sent < payloads.length; sent += CHUNK) {
    const chunk = payloads.slice(sent, sent + CHUNK);
    await Promise.all(chunk.map((payload) => sender.publishAsync('fleet/door/position', payload, { qos: 1 })));
  }
  await sender.endAsync();
}

function alike(count: number): string[] {
  return Array.from({ length: count }, () => 'ON');
}

serverTest('20,000 equal messages on one topic are stored 20,000 times', { needs }, async () => {
  await using scene = await setScene('mqtt', ROUTE);
  await settleIn(scene);
  await publishOnOneTopic(scene, alike(20_000));
  await drained(scene, 20_000);
  assert.equal(await scene.tracks.count(), 20_000);
});

serverTest('messages of two values keep their order when the packet ids of MQTT come round', { needs }, async () => {
  await using scene = await setScene('mqtt', ROUTE);
  await settleIn(scene);
  const roll = dice(7);
  const sent = Array.from({ length: 100_000 }, () => (roll(0, 1) === 1 ? 'ON' : 'OFF'));
  await publishOnOneTopic(scene, sent);
  await drained(scene, sent.length);
  assert.deepEqual(await scene.tracks.read((message) => message.string()), sent);
});

serverTest(
  'equal messages are stored once each though the bridge is killed as their packet ids come round',
  { needs },
  async () => {
    await using scene = await setScene('mqtt', ROUTE);
    await settleIn(scene);
    await publishOnOneTopic(scene, alike(100_000));
    for (const part of [50_000, 75_000]) {
      const bridge = scene.start();
      await advanced(scene, part, bridge);
      await bridge.kill();
    }
    await drained(scene, 100_000);
    assert.equal(await scene.tracks.count(), 100_000);
  },
);
