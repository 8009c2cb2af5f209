import assert from 'node:assert/strict';
import type { Options } from 'amqplib';
import { ACCEPT } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { serverTest } from '../../harness/server-test.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import {
  bodies,
  channelTo,
  DEADLINE_MS,
  fetched,
  frameForTest,
  holds,
  NEEDS,
  oneHome,
  openingSource,
  queuesAt,
  QUORUM,
  sendThrough,
  sink,
  source,
  take,
  textOf,
  texts,
} from './ends.ts';

const home = oneHome();
const needs = NEEDS;
const queueWith = queuesAt(home);
const create = { connection: { create: true } };

serverTest(
  'under create an exchange of each type feeds the queue that the route owns, by its bindings',
  { needs },
  async () => {
    const { url } = await home();
    const channel = await channelTo(url);
    const cases = [
      { exchangeType: 'direct', bind: [{ routingKey: 'a' }, { routingKey: 'b' }], key: 'b', other: 'c' },
      { exchangeType: 'topic', bind: [{ routingKey: 'a.*' }], key: 'a.1', other: 'a.1.2' },
      { exchangeType: 'fanout', key: 'any', other: undefined },
      { exchangeType: 'headers', bind: [{ headers: { kind: 'x', n: 5 }, match: 'all' }], key: 'k', other: 'other' },
    ] as const;
    for (const { exchangeType, key, other, ...more } of cases) {
      const exchange = `of-type-${exchangeType}`;
      const from = { exchange, exchangeType, ...more };
      const reader = await source(url, from, { ...create, route: exchangeType });
      const say = (routingKey: string, headers: object): void => {
        channel.publish(exchange, routingKey, Buffer.from(routingKey), { headers });
      };
      if (other !== undefined) say(other, { kind: 'x' });
      say(key, { kind: 'x', n: 5 });
      const [delivery] = await take(reader.end, 1);
      assert.equal(delivery?.frame.address, key, exchangeType);
      // The queue bears the names of pipeline and route, and is durable.
      assert.ok(await channel.checkQueue(`test.${exchangeType}`));
    }
  },
);

serverTest(
  'without create nothing is declared: what is missing is named, and found once it is there',
  { needs },
  async () => {
    const { url } = await home();
    const channel = await channelTo(url);
    const reader = openingSource(url, { queue: 'later' });
    assert.match(await reader.reported('BUS_MISSING'), /no queue 'later'.*create: true/);
    await channel.assertQueue('later', QUORUM);
    await reader.opened;
    const fed = openingSource(url, { exchange: 'no-exchange', bind: [{ routingKey: '#' }] }, { route: 'fed' });
    assert.match(await fed.reported('BUS_MISSING'), /no exchange 'no-exchange'/);
    const unknown = openingSource(url, { exchange: 'no-type', bind: [{ routingKey: '#' }] }, create);
    assert.match(await unknown.reported('BUS_MISSING'), /give exchangeType/);
  },
);

serverTest(
  'a queue that is not as the route says is explained, tried again without haste, and taken once it fits',
  { needs },
  async () => {
    const { url, channel } = await queueWith('unequal', [], {
      durable: true,
      arguments: { 'x-queue-type': 'classic' },
    });
    const reader = openingSource(url, { queue: 'unequal', type: 'quorum' }, create);
    const text = await reader.reported('BUS_SETTING');
    assert.match(
      text,
      /queue unequal exists, but not as the route says: x-queue-type is 'classic', the route wants 'quorum'/,
    );
    await channel.deleteQueue('unequal');
    await reader.opened;
    assert.ok(reader.events.filter(({ kind }) => kind === 'problem').length < 10);
    const exchange = openingSource(
      url,
      { exchange: 'amq.direct', exchangeType: 'topic', bind: [{ routingKey: 'a' }] },
      create,
    );
    await exchange.opened;
    await channel.assertExchange('is-direct', 'direct');
    const other = openingSource(
      url,
      { exchange: 'is-direct', exchangeType: 'topic', bind: [{ routingKey: 'a' }] },
      create,
    );
    assert.match(await other.reported('BUS_SETTING'), /exchange is-direct exists, .*type is 'direct'/);
  },
);

serverTest('a queue that is deleted cancels the consumer, which is back once the queue is', { needs }, async () => {
  const { url, channel } = await queueWith('deleted', ['m0']);
  const reader = await source(url, { queue: 'deleted' });
  await take(reader.end, 1);
  const lost = reader.nextReport('disconnected');
  await channel.deleteQueue('deleted');
  await lost;
  assert.match(await reader.reported('BUS_MISSING'), /no queue 'deleted'/);
  assert.match(await reader.reported('QUEUE_DELETED'), /queue deleted: it was deleted, or has moved/);
  const back = reader.nextReport('connected');
  await channel.assertQueue('deleted', QUORUM);
  await back;
  channel.sendToQueue('deleted', Buffer.from('m1'));
  assert.deepEqual(texts(await take(reader.end, 1)), ['m1']);
});

const TYPES = ['classic', 'quorum', 'stream'] as const;
const declared = (type: string): Options.AssertQueue => ({ durable: true, arguments: { 'x-queue-type': type } });

for (const was of ['classic', 'quorum'] as const) {
  for (const is of TYPES.filter((type) => type !== was)) {
    serverTest(
      `a ${was} queue that is deleted and made again as ${is === 'stream' ? 'a stream' : is} is a loss, and is read from its beginning`,
      { needs },
      async () => {
        const queue = `${was}-is-${is}`;
        const { url, channel } = await queueWith(queue, ['m0'], declared(was));
        const reader = await source(url, { queue });
        for (const delivery of await take(reader.end, 1)) delivery.settle(ACCEPT);
        await holds(channel, queue, 0);
        const back = reader.nextReport('connected');
        await channel.deleteQueue(queue);
        await channel.assertQueue(queue, declared(is));
        for (const message of bodies(2, 1)) channel.sendToQueue(queue, Buffer.from(message));
        await back;
        assert.deepEqual(texts(await take(reader.end, 2)), bodies(2, 1));
        const losses = reader.events.filter(({ kind }) => kind === 'loss');
        assert.deepEqual(
          losses.map((event) => 'code' in event && event.code),
          ['QUEUE_DELETED'],
        );
      },
    );
  }
}

for (const [type, is] of [
  ['classic', 'stream'],
  ['quorum', 'stream'],
  ['stream', 'quorum'],
] as const) {
  serverTest(`a route that says type: ${type} does not read a ${is}, and says what it is`, { needs }, async () => {
    const queue = `${is}-no-${type}`;
    const { url, channel } = await queueWith(queue, [], declared(is));
    const reader = openingSource(url, { queue, type });
    assert.match(await reader.reported('BUS_SETTING'), new RegExp(`queue ${queue} is of type ${is}.*type: ${type}`));
    await channel.deleteQueue(queue);
    await channel.assertQueue(queue, declared(type));
    await reader.opened;
  });
}

serverTest(
  'connections that the server closes are made again, and what was unsettled comes in order',
  { needs },
  async () => {
    const { url } = await queueWith('closed', bodies(20));
    const server = await home();
    const reader = await source(url, { queue: 'closed' });
    const first = await take(reader.end, 10);
    for (const delivery of first.slice(0, 5)) delivery.settle(ACCEPT);
    const lost = reader.nextReport('disconnected');
    // The acknowledgement must be there before the end. What the server lists is some seconds old: so ask the queue.
    const ask = `ra:leader_query({'${server.vhost}_closed', node()}, fun rabbit_fifo:query_messages_checked_out/1)`;
    const left = async (): Promise<boolean> => (await server.ctl('eval', `{ok, {_, N}, _} = ${ask}, N.`)) === '15';
    await waitFor(left, DEADLINE_MS, 'five to be acknowledged');
    await server.closeConnections('for the test', url);
    await lost;
    assert.deepEqual(texts(await take(reader.end, 15)), bodies(15, 5));
  },
);

serverTest('a message-id is the id at every delivery; without one no two messages share an id', { needs }, async () => {
  const { url, channel } = await queueWith('named', []);
  for (const messageId of ['a', 'b']) channel.sendToQueue('named', Buffer.from('same'), { messageId });
  for (let count = 0; count < 2; count += 1) channel.sendToQueue('named', Buffer.from('same'));
  const idsOf = async (): Promise<string[]> => {
    const reader = await source(url, { queue: 'named' });
    const ids = (await take(reader.end, 4)).map(({ id }) => id);
    await reader.end.close();
    return ids;
  };
  const [first, second] = [await idsOf(), await idsOf()];
  const [a = '', b = ''] = first;
  assert.match(a, /^named:m:a~/);
  assert.match(b, /^named:m:b~/);
  assert.deepEqual(second.slice(0, 2), first.slice(0, 2));
  assert.equal(new Set([...first, ...second]).size, 6);
});

serverTest(
  'a message that died before brings its x-death along, and a bridge carries it where no server acts on it',
  { needs },
  async () => {
    const { url, channel } = await queueWith('dying', [], {
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead', 'x-message-ttl': 50 },
    });
    await channel.assertQueue('dead', QUORUM);
    channel.sendToQueue('dying', Buffer.from('late'), { messageId: 'late-1' });
    const reader = await source(url, { queue: 'dead' });
    const [delivery] = await take(reader.end, 1);
    const { headers = new Map(), headerTypes } = delivery?.frame ?? {};
    assert.match(
      headers.get('x-death')?.[0] ?? '',
      /"queue":"dying".*"reason":"expired"|"reason":"expired".*"queue":"dying"/,
    );
    // To a queue of the same name it dies in once more: with x-death of its own the server would drop it there.
    const writer = await sink(url, { queue: 'dying' });
    delivery?.settle(ACCEPT);
    await sendThrough(writer.end, frameForTest('dying', 'again', { headers, headerTypes }));
    const [second] = await take(reader.end, 1);
    assert.equal(textOf(second ?? assert.fail()), 'again');
    assert.match(second?.frame.headers.get('x-death')?.join(' ') ?? '', /dying/);
  },
);

serverTest(
  'what a rejected delivery leaves at a dead-letter exchange is nothing: its dead letter is ours',
  { needs },
  async () => {
    const { url, channel } = await queueWith('rejected', ['m0'], {
      durable: true,
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'rejects' },
    });
    await channel.assertQueue('rejects', QUORUM);
    const reader = await source(url, { queue: 'rejected' });
    const [delivery] = await take(reader.end, 1);
    delivery?.settle({ kind: 'reject', cause: new SluiceError('SCHEMA_INVALID', 'planted') });
    await reader.end.close();
    await holds(channel, 'rejected', 0);
    assert.equal((await channel.checkQueue('rejects')).messageCount, 0);
  },
);

serverTest(
  'a stream that is not called one is noticed, and a queue that is called a stream is refused',
  { needs },
  async () => {
    const { url, channel } = await queueWith('secret-stream', [], {
      durable: true,
      arguments: { 'x-queue-type': 'stream' },
    });
    const reader = await source(url, { queue: 'secret-stream' });
    channel.sendToQueue('secret-stream', Buffer.from('m'));
    assert.match(await reader.reported('LOOKS_LIKE_STREAM'), /type: stream/);
    await queueWith('no-stream', ['m']);
    const other = openingSource(url, { queue: 'no-stream', type: 'stream' });
    assert.match(await other.reported('BUS_SETTING'), /is of type \w+, and the route says type: stream/);
  },
);

serverTest('large messages in a small window come through, one after the other', { needs }, async () => {
  const { url, channel } = await queueWith('large', []);
  for (let count = 0; count < 8; count += 1) channel.sendToQueue('large', Buffer.alloc(300_000, count));
  const reader = await source(url, { queue: 'large' }, { window: { messages: 100, bytes: 100_000 } });
  for (let count = 0; count < 8; count += 1) {
    const read = await reader.end.read({ messages: 100, bytes: 100_000 }, AbortSignal.timeout(patient(DEADLINE_MS)));
    assert.deepEqual(
      read.map(({ frame }) => frame.body?.[0]),
      [count],
    );
    for (const delivery of read) delivery.settle(ACCEPT);
  }
});

serverTest('what lies in the queue is untouched until it is settled', { needs }, async () => {
  const { url, channel } = await queueWith('kept', ['m0', 'm1']);
  const reader = await source(url, { queue: 'kept' });
  const [first] = await take(reader.end, 2);
  first?.settle(ACCEPT);
  await reader.end.close();
  assert.equal((await fetched(channel, 'kept')).content.toString(), 'm1');
});
