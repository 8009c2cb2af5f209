import assert from 'node:assert/strict';
import { SluiceError } from '#contract/errors.ts';
import { serverTest } from '../../harness/server-test.ts';
import { ownName } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import {
  channelTo,
  CLASSIC,
  DEADLINE_MS,
  fetched,
  frameForTest,
  holds,
  NEEDS,
  oneHome,
  outcomeOf,
  queueAt,
  sendThrough,
  sink,
  source,
  take,
} from './ends.ts';

const home = oneHome();
const queue = queueAt(home);
const needs = NEEDS;

serverTest(
  'a message is persistent and bears id, type, time and expiry in the properties that AMQP has for them',
  { needs },
  async () => {
    const { url, channel } = await queue('props', CLASSIC);
    const writer = await sink(url, { queue: 'props', priority: 5 });
    const expiresAtMs = Date.now() + 60_000;
    const more = { id: 'id-1', contentType: 'text/plain', timestampMs: 1_700_000_000_500, expiresAtMs };
    assert.equal(await writer.end.send(frameForTest('props', 'body', more)), 'confirmed');
    const { properties, content } = await fetched(channel, 'props');
    const { messageId, contentType, timestamp, deliveryMode, priority, expiration, headers } = properties;
    assert.deepEqual(
      { messageId, contentType, timestamp, deliveryMode, priority, body: content.toString() },
      {
        messageId: 'id-1',
        contentType: 'text/plain',
        timestamp: 1_700_000_000,
        deliveryMode: 2,
        priority: 5,
        body: 'body',
      },
    );
    assert.ok(Number(expiration) > 55_000 && Number(expiration) <= 60_000);
    assert.deepEqual(headers, { expirytime: new Date(expiresAtMs).toISOString() });
    const passing = await sink(url, { queue: 'props', persistent: false });
    await passing.end.send(frameForTest('props', 'x'));
    assert.equal((await fetched(channel, 'props')).properties.deliveryMode, 1);
  },
);

serverTest('what has expired is not sent, and what expires in the queue is gone from it', { needs }, async () => {
  const { url, channel } = await queue('expiring');
  const writer = await sink(url, { queue: 'expiring' });
  const late = await outcomeOf(() => writer.end.send(frameForTest('expiring', 'x', { expiresAtMs: Date.now() - 1 })));
  assert.equal(late instanceof SluiceError && late.code, 'EXPIRED');
  await writer.end.send(frameForTest('expiring', 'x', { expiresAtMs: Date.now() + 200 }));
  await holds(channel, 'expiring', 0);
});

serverTest('headers of every type pass from RabbitMQ to RabbitMQ as they were', { needs }, async () => {
  const { url, channel } = await queue('typed-in');
  await channel.assertQueue('typed-out', CLASSIC);
  const headers = {
    text: 'ü',
    empty: '',
    int: 5,
    long: 5e12,
    double: 1.5,
    yes: true,
    nothing: null,
    raw: Buffer.from([0, 255]),
    moment: { '!': 'timestamp', value: 1_700_000_000 },
    list: ['a', 1, true],
    table: { a: { b: [1, 'two'] } },
  };
  channel.sendToQueue('typed-in', Buffer.from('x'), { headers, correlationId: 'c', type: 't', priority: 3 });
  const reader = await source(url, { queue: 'typed-in' });
  const writer = await sink(url, { queue: 'typed-out' });
  const [delivery] = await take(reader.end, 1);
  await writer.end.send({ ...(delivery?.frame ?? assert.fail()), address: 'typed-out' });
  const { properties } = await fetched(channel, 'typed-out');
  assert.deepEqual(properties.headers, headers);
  const { correlationId, type, priority } = properties;
  assert.deepEqual({ correlationId, type, priority }, { correlationId: 'c', type: 't', priority: 3 });
});

serverTest('under create a missing queue or exchange is declared, durable', { needs }, async () => {
  const { url } = await home();
  const channel = await channelTo(url);
  const create = { connection: { create: true } };
  const writer = await sink(url, { queue: 'made', type: 'classic' }, create);
  await writer.end.send(frameForTest('made', 'x'));
  await channel.assertQueue('made', { durable: true, arguments: { 'x-queue-type': 'classic' } });
  await sink(url, { exchange: 'made', exchangeType: 'fanout' }, create);
  await channel.assertExchange('made', 'fanout', { durable: true });
});

serverTest(
  'an exchange that is deleted is named, and what was under way passes once it is back',
  { needs },
  async () => {
    const { url, channel } = await queue('behind');
    const bound = async (): Promise<void> => {
      await channel.assertExchange('fleeting', 'fanout');
      await channel.bindQueue('behind', 'fleeting', '');
    };
    await bound();
    const writer = await sink(url, { exchange: 'fleeting' });
    await writer.end.send(frameForTest('', 'first'));
    await channel.deleteExchange('fleeting');
    const outcome = await outcomeOf(() => writer.end.send(frameForTest('', 'second')));
    assert.equal(outcome instanceof SluiceError && outcome.scope, 'bus');
    assert.match(await writer.reported('BUS_MISSING'), /no exchange 'fleeting'/);
    await bound();
    await sendThrough(writer.end, frameForTest('', 'second'));
    await holds(channel, 'behind', 2);
  },
);

serverTest(
  'a queue that rejects what it has no room for is the fault of the bus, until it has',
  { needs },
  async () => {
    const { url, channel } = await queue('narrow', {
      durable: true,
      arguments: { 'x-max-length': 2, 'x-overflow': 'reject-publish' },
    });
    const writer = await sink(url, { queue: 'narrow' });
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => outcomeOf(() => writer.end.send(frameForTest('narrow', 'x')))),
    );
    const refused = outcomes.filter((outcome) => outcome instanceof SluiceError);
    assert.ok(refused.length > 0);
    for (const { code, scope } of refused) assert.deepEqual([code, scope], ['SINK_DOWN', 'bus']);
    await channel.purgeQueue('narrow');
    await sendThrough(writer.end, frameForTest('narrow', 'x'));
  },
);

serverTest('a user who may not write is told so, and tried again without haste', { needs }, async () => {
  const server = await home();
  const { vhost } = server;
  const { url } = await queue('forbidden');
  const username = ownName('reader');
  await server.setUser(username, 'only', { vhost, write: '^$' });
  const writer = await sink(url, { queue: 'forbidden' }, { connection: { username, password: 'only' } });
  for (let count = 0; count < 3; count += 1) {
    const outcome = await outcomeOf(() => writer.end.send(frameForTest('forbidden', 'x')));
    assert.equal(outcome instanceof SluiceError && outcome.scope, 'bus');
  }
  assert.match(await writer.reported('BUS_AUTH'), /access to exchange .*grant it/);
  await server.setUser(username, 'only', { vhost });
  await sendThrough(writer.end, frameForTest('forbidden', 'x'));
});

serverTest(
  'a message over which the server ends every connection is found and refused, and its neighbours pass',
  { needs },
  async () => {
    const { url, channel } = await queue('poisoned');
    const writer = await sink(url, { queue: 'poisoned' });
    // Bytes that are no header of any kind: what the client writes for them, no server reads.
    const poison = frameForTest('poisoned', 'poison', {
      headers: new Map([['v', ['[{"!":"double","value":"NaN"}]']]]),
      headerTypes: new Map([['v', ['json']]]),
    });
    const outcome = await waitFor(
      async () => {
        const said = await outcomeOf(() => writer.end.send(poison));
        return said instanceof SluiceError && said.scope === 'message' && said;
      },
      DEADLINE_MS,
      'the poison to be found',
    );
    assert.equal(outcome.code, 'SINK_REFUSED');
    await sendThrough(writer.end, frameForTest('poisoned', 'fine'));
    assert.equal((await fetched(channel, 'poisoned')).content.toString(), 'fine');
  },
);
