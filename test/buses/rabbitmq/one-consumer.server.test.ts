import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT } from '#contract/delivery.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import {
  bodies,
  channelTo,
  firstDeliveries,
  holds,
  NEEDS,
  oneHome,
  openingSource,
  queuesAt,
  source,
  take,
  texts,
} from './ends.ts';

// A queue gives its order to one consumer: who may read it, and when.

const home = oneHome();
const needs = NEEDS;
const queueWith = queuesAt(home);
/** The server waits 250 ms for a leader before it says that a queue has neither messages nor consumers. */
const SILENT_MS = 2500;
/** One way to the server, long enough for messages to follow an answer. */
const WAY_MS = 20;
/** So many messages, one a millisecond: longer than a consumer is away. */
const BURST = 150;
/** AMQP 0-9-1: class 50, method 10, which asks for a queue's numbers when it is passive. */
const QUEUE_DECLARE = Buffer.from([0, 50, 0, 10]);

/**
 * The leaders of quorum queues do not answer from before `act` until after it. The server itself ends their silence: on a busy
 * machine a second command would come much later, when other consumers have given their queue up.
 */
async function silent(queues: readonly string[], act: () => void): Promise<void> {
  const { ctl, vhost } = await home();
  const names = queues.map((queue) => `<<"${queue}">>`).join(', ');
  const each = `{ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"${vhost}">>, queue, Name))`;
  const leaders = `Leaders = [begin ${each}, {Leader, _} = amqqueue:get_pid(Queue), Leader end || Name <- [${names}]]`;
  const later = `spawn(fun() -> timer:sleep(${SILENT_MS}), [sys:resume(Leader) || Leader <- Leaders] end)`;
  await ctl('eval', `begin ${leaders}, [sys:suspend(Leader) || Leader <- Leaders], ${later} end.`);
  act();
  await sleep(SILENT_MS);
}

serverTest(
  'a source waits while another consumer has the queue, and takes over in order when it goes',
  { needs },
  async () => {
    for (const type of ['classic', 'quorum'] as const) {
      const name = `alone-${type}`;
      const { url } = await queueWith(name, bodies(6), { durable: true, arguments: { 'x-queue-type': type } });
      const first = await source(url, { queue: name, type });
      const read = await take(first.end, 6);
      for (const delivery of read.slice(0, 2)) delivery.settle(ACCEPT);
      const second = openingSource(url, { queue: name, type });
      assert.match(await second.reported('BUS_SETTING'), /another consumer/);
      await first.end.close();
      const heir = await second.opened;
      assert.deepEqual(texts(await take(heir, 4)), bodies(4, 2));
    }
  },
);

serverTest(
  'a quorum queue whose leader does not answer is not taken for one that nobody reads',
  { needs },
  async () => {
    const { url } = await queueWith('leaderless', bodies(6));
    const first = await source(url, { queue: 'leaderless' });
    const read = await take(first.end, 6);
    let second: ReturnType<typeof openingSource> | undefined;
    await silent(['leaderless'], () => {
      second = openingSource(url, { queue: 'leaderless' });
    });
    assert.ok(second !== undefined);
    assert.match(await second.reported('BUS_SETTING'), /another consumer/);
    assert.ok(!second.events.some(({ kind }) => kind === 'connected'), 'it reads beside the first');
    read[0]?.settle(ACCEPT);
    await first.end.close();
    assert.deepEqual(texts(await take(await second.opened, 5)), bodies(5, 1));
  },
);

serverTest(
  'what lies in a queue keeps its order when a source comes while the leader is silent',
  { needs },
  async () => {
    const queues = Array.from({ length: 6 }, (_, number) => `asked-${number}`);
    const { url } = await home();
    const channel = await channelTo(url);
    for (const queue of queues) await queueWith(queue, bodies(8));
    for (const queue of queues) await holds(channel, queue, 8);
    const opening: ReturnType<typeof openingSource>[] = [];
    await silent(queues, () => {
      for (const queue of queues) opening.push(openingSource(url, { queue }));
    });
    for (const { opened, events } of opening) {
      const read = await take(await opened, 8);
      assert.deepEqual(texts(read), bodies(8));
      assert.ok(
        read.every(({ attempt }) => attempt === 1),
        'each came once',
      );
      assert.ok(!events.some(({ kind }) => kind === 'problem'), 'it takes its own question for a reader');
      for (const delivery of read) delivery.settle(ACCEPT);
      await (await opened).close();
    }
    for (const queue of queues) await holds(channel, queue, 0);
  },
);

serverTest('what comes while an idle consumer is replaced keeps its order', { needs }, async () => {
  const queues = Array.from({ length: 10 }, (_, number) => `replaced-${number}`);
  const { url, port: server, vhost } = await home();
  const channel = await channelTo(url);
  for (const queue of queues) await queueWith(queue, []);
  const looked = new Map(queues.map((queue) => [queue, Promise.withResolvers<void>()]));
  const watch = (): Record<'up' | 'down', (bytes: Buffer) => void> => ({
    up(bytes) {
      if (!bytes.includes(QUEUE_DECLARE)) return;
      for (const [queue, { resolve }] of looked) if (bytes.includes(queue)) resolve();
    },
    down: () => {},
  });
  await using link = await startLink(server, '127.0.0.1', { watch });
  const readers = await Promise.all(queues.map((queue) => source(`amqp://127.0.0.1:${link.port}/${vhost}`, { queue })));
  for (const queue of queues) looked.set(queue, Promise.withResolvers());
  link.delayMs(WAY_MS);
  const burst = async (queue: string): Promise<void> => {
    await looked.get(queue)?.promise;
    // The answer is under way to the source, and says that the queue is empty.
    await sleep(WAY_MS / 2);
    for (const body of bodies(BURST)) {
      channel.sendToQueue(queue, Buffer.from(body), { persistent: true });
      await sleep(1);
    }
  };
  await Promise.all(queues.map((queue) => burst(queue)));
  for (const { end } of readers) {
    assert.deepEqual(await firstDeliveries(end, BURST), bodies(BURST), 'first deliveries are in order');
  }
});

serverTest('with shared two sources divide a queue, and one gets what the other left', { needs }, async () => {
  const { url, channel } = await queueWith('divided', []);
  const from = { queue: 'divided', shared: true };
  const wanted = { window: { messages: 5 } };
  const [one, other] = [await source(url, from, wanted), await source(url, from, wanted)];
  for (const body of bodies(10)) channel.sendToQueue('divided', Buffer.from(body));
  const [byOne, byOther] = await Promise.all([take(one.end, 5), take(other.end, 5)]);
  assert.deepEqual(texts([...byOne, ...byOther]).toSorted(), bodies(10));
  for (const delivery of byOther) delivery.settle(ACCEPT);
  const left = texts(byOne).toSorted();
  await one.end.close();
  assert.deepEqual(texts(await take(other.end, 5)).toSorted(), left);
});

serverTest(
  'a half-open connection costs no order: nobody reads on before the server has given it up',
  { needs },
  async () => {
    const { channel } = await queueWith('half-open', bodies(10));
    const { port: server, vhost } = await home();
    // Two ways, so that the new connection is made while the old one hangs on the other.
    await using one = await startLink(server);
    await using other = await startLink(server);
    const url = [one, other].map(({ port }) => `amqp://127.0.0.1:${port}/${vhost}`);
    const reader = await source('', { queue: 'half-open' }, { connection: { url }, window: { messages: 10 } });
    const read = texts(await take(reader.end, 4));
    const lost = reader.nextReport('disconnected');
    (one.connections > 0 ? one : other).blackhole();
    await lost;
    for (const body of bodies(10, 10)) channel.sendToQueue('half-open', Buffer.from(body), { persistent: true });
    assert.deepEqual(await firstDeliveries(reader.end, 20, read), bodies(20), 'first deliveries are in order');
  },
);
