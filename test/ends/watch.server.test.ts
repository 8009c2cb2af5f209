import assert from 'node:assert/strict';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from 'amqplib';
import { connect as connectMqtt } from 'mqtt';
import { after, describe } from 'node:test';
import type { WatchStart } from '../../runtime/contract/watch.ts';
import { REACHABLE, type ReachableBus, stopServers } from '../brokers/all.ts';
import type { Endpoint, Words } from '../brokers/test-bus.ts';
import { natsClient } from '../harness/nats-client.ts';
import { serverTest } from '../harness/server-test.ts';
import { ownName, sharedKafka, sharedNats, sharedRabbitMq } from '../harness/shared.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { waitFor } from '../harness/wait-for.ts';
import { durableReader, endBeside, endOver, sending, watching } from './by-hand.ts';

after(() => stopServers());

const HALF = 40;
const GONE_MS = 15_000;

/** What a watcher could leave behind: asserts that nothing is there. `name`: that of its pipeline. */
type Leftovers = (place: Words, tag: string, name: string) => Promise<void>;

const LEFT: Readonly<Record<string, Leftovers>> = {
  async mqtt({ url }, _tag, name) {
    // A session that the server still had would be resumed.
    const client = connectMqtt(String(url), {
      protocolVersion: 5,
      clientId: `sluice-${name}_hand-source`,
      clean: false,
    });
    const sessionPresent = await new Promise((resolve) =>
      client.once('connect', (connack) => resolve(connack.sessionPresent)),
    );
    await client.endAsync();
    assert.equal(sessionPresent, false);
  },
  async nats() {
    // A subscription ends with its connection.
  },
  async jetstream(place, tag) {
    await using connection = await natsClient(String(place['url']), natsIdentity(place));
    const { consumers } = await jetstreamManager(connection);
    const names: string[] = [];
    for await (const { name } of consumers.list(`OUT-${tag}`)) names.push(name);
    assert.deepEqual(
      names.filter((name) => name.includes('tail')),
      [],
    );
  },
  async kafka() {
    await using kafka = await sharedKafka();
    const { groups } = await kafka.admin((admin) => admin.listGroups());
    assert.deepEqual(
      groups.map(({ groupId }) => groupId).filter((id) => id.includes('tail')),
      [],
    );
  },
  async rabbitmq({ url }, tag) {
    // An exchange is deleted as unused when no queue is bound to it: that of the durable reader is taken off first.
    const name = `out-${tag}`;
    await waitFor(
      async () => {
        const connection = await connect(String(url));
        connection.on('error', () => {});
        try {
          const channel = await connection.createChannel();
          channel.on('error', () => {});
          await channel.unbindQueue(name, name, '#');
          return await channel.deleteExchange(name, { ifUnused: true }).then(
            () => true,
            () => false,
          );
        } finally {
          await connection.close().catch(() => {});
        }
      },
      GONE_MS,
      'the queue of the watcher is gone',
    );
  },
};

function natsIdentity({ user, password }: Words): { readonly user?: string; readonly pass?: string } {
  return typeof user === 'string' ? { user, pass: String(password) } : {};
}

/** How far back a bus can be watched. */
const BACK: Readonly<Record<string, boolean>> = { jetstream: true, kafka: true };

function framesOf(address: string, from: number, count: number) {
  return Array.from({ length: count }, (_, at) => {
    const key = `k${(from + at) % 4}`;
    return frameForTest(address.replace('{key}', key), String(from + at), {
      key,
      headers: new Map([['seclabel', ['S;REL=FVEY']]]),
      contentType: 'application/json',
    });
  });
}

const numbers = (from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => String(from + at));

async function judge({ name: bus }: ReachableBus, place: Endpoint): Promise<void> {
  const tag = ownName('watch');
  await place.prepare('sink', [tag]);
  const { bridge, checker } = place.exit(tag);
  const { route } = endOver(place.direct, { to: bridge });
  await using durable = await durableReader(place.direct, checker, ownName('law'));
  const beside = await endBeside(place.direct, bridge);
  {
    await using watcher = await watching(beside);
    const first = await sending(place.direct, bridge, framesOf(route.to.address, 0, HALF));
    assert.deepEqual([first.counts.confirmed, first.failure], [HALF, undefined]);
    assert.deepEqual([...(await watcher.has(HALF))].toSorted(byNumber), numbers(0, HALF));
    const { frame } = watcher.deliveries[0] ?? assert.fail('no delivery');
    assert.deepEqual([frame.headers.get('seclabel'), frame.contentType], [['S;REL=FVEY'], 'application/json']);
  }
  const between: WatchStart = { time: new Date().toISOString() };
  await sending(place.direct, bridge, framesOf(route.to.address, HALF, HALF));
  assert.deepEqual([...(await durable.has(2 * HALF))].toSorted(byNumber), numbers(0, 2 * HALF));
  assert.ok(durable.deliveries.every(({ attempt = 1 }) => attempt === 1));
  if (BACK[bus] === true) {
    await using all = await watching(beside, 'earliest');
    assert.deepEqual([...(await all.has(2 * HALF))].toSorted(byNumber), numbers(0, 2 * HALF));
    await using since = await watching(beside, between);
    assert.deepEqual([...(await since.has(HALF))].toSorted(byNumber), numbers(HALF, HALF));
  }
  assert.equal(durable.bodies.length, 2 * HALF);
  await LEFT[bus]?.(place.direct, tag, beside.spec.name);
}

const byNumber = (one: string, other: string): number => Number(one) - Number(other);

void describe('a watcher disturbs no other reader, and leaves nothing behind', { concurrency: 2 }, () => {
  for (const bus of REACHABLE) {
    serverTest(
      `${bus.name}: a reader that keeps its place gets every message once, with and without a watcher beside it`,
      { needs: [bus.endpoints.needs.share] },
      async () => judge(bus, await bus.endpoints.share()),
    );
  }

  serverTest('rabbitmq: a stream is watched from anywhere', { needs: ['rabbitmq'] }, async () => {
    await using rabbit = await sharedRabbitMq();
    const url = await rabbit.freshVhost();
    const place = { bus: 'rabbitmq', url };
    const connection = await connect(url);
    const channel = await connection.createChannel();
    await channel.assertQueue('log', { durable: true, arguments: { 'x-queue-type': 'stream' } });
    const stream = { queue: 'log', type: 'stream' };
    await sending(place, stream, framesOf('log', 0, HALF));
    const end = endOver(place, { from: stream });
    await using all = await watching(end, 'earliest');
    await using next = await watching(end, 'new');
    await sending(place, stream, framesOf('log', HALF, HALF));
    assert.deepEqual(await all.has(2 * HALF), numbers(0, 2 * HALF));
    assert.deepEqual(await next.has(HALF), numbers(HALF, HALF));
    await connection.close();
  });

  serverTest(
    'jetstream: a work queue is not watched, because its messages are given once',
    { needs: ['nats'] },
    async () => {
      await using nats = await sharedNats();
      await using connection = await natsClient(nats.url);
      const { streams } = await jetstreamManager(connection);
      await streams.add({ name: 'WORK', subjects: ['work.>'], retention: 'workqueue' });
      const { username, password } = new URL(nats.url);
      const url = `nats://${nats.host}:${nats.port}`;
      const identity = username === '' ? {} : { user: username, password };
      const end = endOver({ bus: 'jetstream', url, ...identity }, { from: { stream: 'WORK' } });
      await assert.rejects(watching(end), /retention workqueue.*nats:\/\/HOST:PORT\/work\.>/);
    },
  );
});
