import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import { serverTest } from '../../harness/server-test.ts';
import { ownName } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import {
  channelTo,
  DEADLINE_MS,
  fetched,
  frameOf,
  holds,
  NEEDS,
  oneHome,
  openingSink,
  outcomeOf,
  sendThrough,
  sink,
  source,
  take,
} from './ends.ts';

const home = oneHome();
const needs = NEEDS;
const CLASSIC = { durable: true };
const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

async function queue(name: string, options: object = QUORUM) {
  const { url } = await home();
  const channel = await channelTo(url);
  await channel.assertQueue(name, options);
  return { url, channel };
}

/** Past the time that a server which may have just started is given: the refusal for good. */
async function refusal(end: Sink, address: string): Promise<SluiceError> {
  return waitFor(
    async () => {
      const outcome = await outcomeOf(() => end.send(frameOf(address, 'x')));
      return outcome instanceof SluiceError && outcome.scope === 'message' && outcome;
    },
    DEADLINE_MS,
    'a refusal for good',
  );
}

serverTest(
  'a message is persistent and bears id, type, time and expiry in the properties that AMQP has for them',
  { needs },
  async () => {
    const { url, channel } = await queue('props', CLASSIC);
    const writer = await sink(url, { queue: 'props', priority: 5 });
    const expiresAtMs = Date.now() + 60_000;
    const more = { id: 'id-1', contentType: 'text/plain', timestampMs: 1_700_000_000_500, expiresAtMs };
    assert.equal(await writer.end.send(frameOf('props', 'body', more)), 'confirmed');
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
    await passing.end.send(frameOf('props', 'x'));
    assert.equal((await fetched(channel, 'props')).properties.deliveryMode, 1);
  },
);

serverTest('what has expired is not sent, and what expires in the queue is gone from it', { needs }, async () => {
  const { url, channel } = await queue('expiring');
  const writer = await sink(url, { queue: 'expiring' });
  const late = await outcomeOf(() => writer.end.send(frameOf('expiring', 'x', { expiresAtMs: Date.now() - 1 })));
  assert.equal(late instanceof SluiceError && late.code, 'EXPIRED');
  await writer.end.send(frameOf('expiring', 'x', { expiresAtMs: Date.now() + 200 }));
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

serverTest('headers that would route copies elsewhere route none', { needs }, async () => {
  const { url, channel } = await queue('to-one');
  await channel.assertQueue('to-another', QUORUM);
  const writer = await sink(url, { queue: 'to-one' });
  const headers = new Map([
    ['CC', ['to-another']],
    ['BCC', ['to-another']],
    ['amqp-reply-to', ['amq.rabbitmq.reply-to']],
    ['amqp-user-id', ['somebody']],
  ]);
  assert.equal(await writer.end.send(frameOf('to-one', 'x', { headers })), 'confirmed');
  const { properties } = await fetched(channel, 'to-one');
  assert.match(String(properties.headers?.['carried-headers']), /"CC",\["to-another"\]/);
  assert.equal(properties.replyTo, undefined);
  assert.equal((await channel.checkQueue('to-another')).messageCount, 0);
});

serverTest(
  'a fixed address that no queue takes is the fault of the bus: named, and waited for',
  { needs },
  async () => {
    const { url, channel } = await queue('bound-later');
    await channel.assertExchange('unbound', 'topic');
    const writer = await sink(url, { exchange: 'unbound', routingKey: 'fixed.key' });
    const outcome = await outcomeOf(() => writer.end.send(frameOf('fixed.key', 'x', { id: '1' })));
    assert.deepEqual(outcome instanceof SluiceError && [outcome.code, outcome.scope], ['BUS_MISSING', 'bus']);
    assert.match(await writer.reported('BUS_MISSING'), /no queue is bound to exchange unbound.*NO_ROUTE/);
    await channel.bindQueue('bound-later', 'unbound', 'fixed.*');
    await sendThrough(writer.end, frameOf('fixed.key', 'x', { id: '1' }));
    const later = openingSink(url, { queue: 'not-there' });
    assert.match(await later.reported('BUS_MISSING'), /no queue 'not-there'/);
    await channel.assertQueue('not-there', QUORUM);
    await later.opened;
    await channel.deleteQueue('not-there');
    const end = await later.opened;
    const gone = await outcomeOf(() => end.send(frameOf('not-there', 'x')));
    assert.equal(gone instanceof SluiceError && gone.code, 'BUS_MISSING');
  },
);

serverTest(
  'an address from a template that no queue takes is the fault of the message, its equal neighbours pass',
  { needs },
  async () => {
    const { url, channel } = await queue('routed');
    await channel.assertExchange('partly', 'direct');
    await channel.bindQueue('routed', 'partly', 'there');
    const writer = await sink(url, { exchange: 'partly', routingKey: '{key}' });
    // Young for as long as the other one, so that only one of them is waited for.
    const byName = await sink(url, { queue: '{key}' });
    const error = await refusal(writer.end, 'nowhere');
    assert.equal(error.code, 'SINK_REFUSED');
    assert.match(error.message, /no queue is bound to exchange partly/);
    assert.doesNotMatch(error.message, /nowhere/, 'a routing key may hold what a message held');
    const addresses = Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? 'nowhere' : 'there'));
    const outcomes = await Promise.all(
      // Two of each triple are the same message.
      addresses.map((address) => outcomeOf(() => writer.end.send(frameOf(address, 'same', { id: 'same' })))),
    );
    assert.deepEqual(
      outcomes.map((outcome) => (outcome instanceof SluiceError ? outcome.code : outcome)),
      addresses.map((address) => (address === 'there' ? 'confirmed' : 'SINK_REFUSED')),
    );
    await holds(channel, 'routed', 40);
    assert.match((await refusal(byName.end, 'no-such-queue')).message, /no queue of that name/);
  },
);

serverTest(
  'a server that is back and routes nothing yet is waited for: no message is to blame',
  { needs },
  async () => {
    const { url, channel } = await queue('returned');
    const { closeConnections } = await home();
    await channel.assertExchange('returning', 'direct');
    await channel.bindQueue('returned', 'returning', 'k');
    const writer = await sink(url, { exchange: 'returning', routingKey: '{key}' });
    await sendThrough(writer.end, frameOf('k', 'before'));
    await channel.unbindQueue('returned', 'returning', 'k');
    const back = writer.hears('connected');
    await closeConnections('the test restarts it', url);
    await back;
    // Longer than a server that was found young is given.
    const sinceMs = performance.now();
    let text = '';
    while (performance.now() - sinceMs < 6000) {
      const outcome = await outcomeOf(() => writer.end.send(frameOf('k', 'again')));
      assert.ok(outcome instanceof SluiceError && outcome.scope === 'bus', String(outcome));
      text = outcome.message;
      await sleep(50);
    }
    assert.match(text, /or not yet \(NO_ROUTE\)/);
    const other = await channelTo(url);
    await other.bindQueue('returned', 'returning', 'k');
    await sendThrough(writer.end, frameOf('k', 'again'));
    await other.unbindQueue('returned', 'returning', 'k');
    const outcome = await outcomeOf(() => writer.end.send(frameOf('k', 'late')));
    assert.ok(
      outcome instanceof SluiceError && outcome.code === 'SINK_REFUSED',
      'it routes again: now it is the message',
    );
  },
);

serverTest('under create a missing queue or exchange is declared, durable', { needs }, async () => {
  const { url } = await home();
  const channel = await channelTo(url);
  const create = { connection: { create: true } };
  const writer = await sink(url, { queue: 'made', type: 'classic' }, create);
  await writer.end.send(frameOf('made', 'x'));
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
    await writer.end.send(frameOf('', 'first'));
    await channel.deleteExchange('fleeting');
    const outcome = await outcomeOf(() => writer.end.send(frameOf('', 'second')));
    assert.equal(outcome instanceof SluiceError && outcome.scope, 'bus');
    assert.match(await writer.reported('BUS_MISSING'), /no exchange 'fleeting'/);
    await bound();
    await sendThrough(writer.end, frameOf('', 'second'));
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
      Array.from({ length: 6 }, () => outcomeOf(() => writer.end.send(frameOf('narrow', 'x')))),
    );
    const refused = outcomes.filter((outcome) => outcome instanceof SluiceError);
    assert.ok(refused.length > 0);
    for (const { code, scope } of refused) assert.deepEqual([code, scope], ['SINK_DOWN', 'bus']);
    await channel.purgeQueue('narrow');
    await sendThrough(writer.end, frameOf('narrow', 'x'));
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
    const outcome = await outcomeOf(() => writer.end.send(frameOf('forbidden', 'x')));
    assert.equal(outcome instanceof SluiceError && outcome.scope, 'bus');
  }
  assert.match(await writer.reported('BUS_AUTH'), /access to exchange .*grant it/);
  await server.setUser(username, 'only', { vhost });
  await sendThrough(writer.end, frameOf('forbidden', 'x'));
});

serverTest(
  'a message over which the server ends every connection is found and refused, and its neighbours pass',
  { needs },
  async () => {
    const { url, channel } = await queue('poisoned');
    const writer = await sink(url, { queue: 'poisoned' });
    // Bytes that are no header of any kind: what the client writes for them, no server reads.
    const poison = frameOf('poisoned', 'poison', {
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
    await sendThrough(writer.end, frameOf('poisoned', 'fine'));
    assert.equal((await fetched(channel, 'poisoned')).content.toString(), 'fine');
  },
);
