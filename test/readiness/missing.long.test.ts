import assert from 'node:assert/strict';
import { connect as connectAmqp } from 'amqplib';
import { jetstreamManager } from '@nats-io/jetstream';
import { describe } from 'node:test';
import { serverTest } from '../harness/server-test.ts';
import { natsClient, natsWords } from '../harness/nats-client.ts';
import { startNats } from '../harness/nats.ts';
import { sharedNats, sharedRabbitMq } from '../harness/shared.ts';
import { probe } from './probe.ts';

const OUT = { bus: 'memory', hub: 'out' };
const TO = { bus: 'out', address: 'x' };

// Most of it is waiting.
void describe('readiness of a source whose server is well', { concurrency: 2 }, () => {
  serverTest(
    'JetStream: a paused consumer, a deleted stream and a deleted consumer are told with what is waited for',
    { needs: ['nats'] },
    async () => {
      await using server = await sharedNats();
      const client = await natsClient(server.url);
      try {
        const manager = await jetstreamManager(client);
        const stream = { name: 'T', subjects: ['t.>'] };
        await manager.streams.add(stream);
        const from = { bus: 'read', stream: 'T', durable: 'd' };
        await using bridge = await probe({ read: { bus: 'jetstream', ...natsWords(server.url) }, out: OUT }, from, TO);
        await manager.consumers.pause('T', 'd', new Date(Date.now() + 3_600_000));
        await client.request('t.a', '1');
        await bridge.red(
          'source',
          /waits for an operator: consumer d of stream T is paused until .*, and 1 messages wait/,
        );
        await manager.consumers.resume('T', 'd');
        await bridge.delivered(1);
        await bridge.green();

        await manager.streams.delete('T');
        await bridge.red('source', /BUS_MISSING stream T does not exist/);
        await manager.streams.add(stream);
        await client.request('t.a', '2');
        await bridge.delivered(2);
        await bridge.green();

        await manager.consumers.delete('T', 'd');
        await client.request('t.a', '3');
        await bridge.delivered(3);
        await bridge.green();
      } finally {
        await client.close();
      }
    },
  );

  serverTest('RabbitMQ: a deleted queue is told until it is there again', { needs: ['rabbitmq'] }, async () => {
    const url = await (await sharedRabbitMq()).freshVhost();
    const client = await connectAmqp(url);
    try {
      const channel = await client.createConfirmChannel();
      for (const type of ['classic', 'quorum'] as const) {
        const options = { durable: true, arguments: { 'x-queue-type': type } };
        await channel.assertQueue(type, options);
        await using bridge = await probe(
          { read: { bus: 'rabbitmq', url }, out: OUT },
          { bus: 'read', queue: type },
          TO,
        );
        await channel.deleteQueue(type);
        await bridge.red('source', new RegExp(`no queue '${type}'`));
        await channel.assertQueue(type, options);
        channel.sendToQueue(type, Buffer.from('1'));
        await bridge.delivered(1);
        await bridge.green();
      }
    } finally {
      await client.close();
    }
  });

  serverTest(
    'core NATS: a subject that may no longer be read is told until it may',
    { needs: ['nats-process'] },
    async () => {
      const all = { user: 'bridge', password: 'x' };
      const less = { ...all, permissions: '{ subscribe: { deny: ["t.>"] } }' };
      const admin = { user: 'admin', password: 'y' };
      await using server = await startNats({ users: [all, admin] });
      const client = await natsClient(server.url, { user: admin.user, pass: admin.password });
      try {
        const read = { bus: 'nats', url: server.url, ...all };
        await using bridge = await probe({ read, out: OUT }, { bus: 'read', subjects: ['t.>'] }, TO);
        await server.setUsers([less, admin]);
        await bridge.red('source', /BUS_AUTH the server denies reading t\.>/);
        await server.setUsers([all, admin]);
        await bridge.green();
        client.publish('t.a', '1');
        await bridge.delivered(1);
      } finally {
        await client.close();
      }
    },
  );

  serverTest('an idle route stays ready', { needs: ['nats', 'rabbitmq'] }, async () => {
    await using server = await sharedNats();
    const url = await (await sharedRabbitMq()).freshVhost();
    const buses = {
      js: { bus: 'jetstream', ...natsWords(server.url), create: true },
      rabbit: { bus: 'rabbitmq', url, create: true },
    };
    await using there = await probe(
      buses,
      { bus: 'js', stream: 'S', subjects: ['s.>'] },
      { bus: 'rabbit', queue: 'q' },
    );
    await using back = await probe(buses, { bus: 'rabbit', queue: 'q' }, { bus: 'js', stream: 'R', subject: 'r.a' });
    const endMs = performance.now() + 30_000;
    while (performance.now() < endMs) {
      assert.ok((await there.isReady()) && (await back.isReady()));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    for (const { bridge } of [there, back]) {
      const said = bridge.lines().map(({ event }) => event);
      assert.deepEqual(said.slice(said.indexOf('ready') + 1), [], 'nothing is said');
    }
  });
});
