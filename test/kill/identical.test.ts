import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { law } from '../harness/law.ts';
import { drained, settleIn } from './drain.ts';
import { type Scene, setScene } from './scene.ts';

const needs = ['mosquitto-process', 'nats-process'] as const;
const ROUTE = { route: { from: { codec: 'bytes' }, stages: [] } } as const;
const CHUNK = 1000;

/** The same message again and again, without an id of the publisher's. */
async function publishAlike(scene: Scene, count: number): Promise<void> {
  const sender = await connectAsync(scene.field.url, { protocolVersion: 5 });
  for (let sent = 0; sent < count; sent += CHUNK) {
    const chunk = Array.from({ length: CHUNK }, () => sender.publishAsync('fleet/door/position', 'ON', { qos: 1 }));
    await Promise.all(chunk);
  }
  await sender.endAsync();
}

law('20,000 equal messages on one topic are stored 20,000 times', { needs }, async () => {
  await using scene = await setScene('mqtt', ROUTE);
  await settleIn(scene);
  await publishAlike(scene, 20_000);
  await drained(scene, 20_000);
  assert.equal(await scene.tracks.count(), 20_000);
});

law('equal messages are not taken for one another when the packet ids of MQTT come round', { needs }, async () => {
  await using scene = await setScene('mqtt', ROUTE);
  await settleIn(scene);
  await publishAlike(scene, 100_000);
  await drained(scene, 100_000);
  assert.equal(await scene.tracks.count(), 100_000);
});
