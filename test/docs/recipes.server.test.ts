import assert from 'node:assert/strict';
import { jetstream } from '@nats-io/jetstream';
import { connectAsync } from 'mqtt';
import { startBridge } from '../harness/bridge.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { testStream } from '../harness/test-stream.ts';
import { waitFor } from '../harness/wait-for.ts';
import { recipeFiles } from './recipes.ts';

const HOUR = 3_600_000;

serverTest(
  'the recipe of command and acknowledgement: an order is acknowledged, and one of an hour ago is not sent',
  { needs: ['mosquitto', 'nats'] },
  async () => {
    await using plant = await startMosquitto();
    await using centre = await startNats();
    await using orders = await testStream(centre.url, 'ORDERS', ['orders.*']);
    await using acks = await testStream(centre.url, 'ACKS', ['acks.*']);
    using project = newProject(recipeFiles('command-acknowledgement.md'));
    // The machine: it does what it is told, and says so.
    const machine = await connectAsync(plant.url, { protocolVersion: 5 });
    const done: unknown[] = [];
    machine.on('message', (_topic, body) => {
      const { order } = JSON.parse(body.toString()) as { order: string };
      done.push(order);
      machine.publish('acks/valve-3', JSON.stringify({ order, state: 'done' }), { qos: 1 });
    });
    await machine.subscribeAsync('orders/valve-3', { qos: 1 });
    const bridge = startBridge(project.folder, project.path('pipelines/orders.yaml'), [], {
      MQTT_URL: plant.url,
      NATS_URL: centre.url,
    });
    try {
      await bridge.ready();
      const give = (order: string, at: number, what: string) =>
        jetstream(orders.connection).publish(
          'orders.valve-3',
          JSON.stringify({ order, at: new Date(at).toISOString(), do: what }),
        );
      await give('o-1', Date.now() - HOUR, 'close');
      await give('o-2', Date.now(), 'open');
      await give('o-2', Date.now(), 'dance');
      await waitFor(async () => (await acks.count()) >= 1, 20_000, 'an acknowledgement');
      assert.deepEqual(await acks.read((message) => [message.subject, message.json()] as const), [
        ['acks.valve-3', { order: 'o-2', state: 'done' }],
      ]);
      await waitFor(async () => (await orders.unacknowledged()) === 0, 20_000, 'all orders to be settled');
      assert.deepEqual(done, ['o-2']);
      const { text } = await bridge.ask('/metrics');
      const reason = (code: string): RegExp =>
        new RegExp(`^sluice_deadletter_messages_total\\{[^}]*sluice_deadletter_reason="${code}"[^}]*\\} 1$`, 'm');
      assert.match(text, reason('EXPIRED'));
      assert.match(text, reason('SCHEMA_INVALID'));
    } finally {
      await machine.endAsync(true);
      await bridge.kill();
    }
  },
);
