import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import type { RabbitConnection } from '../../../runtime/buses/rabbitmq/options.ts';
import { ACCEPT } from '#contract/delivery.ts';
import type { Receipt } from '#contract/sink.ts';
import { type Certificates, certificates } from '../../harness/certificates.ts';
import { serverTest } from '../../harness/server-test.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { patient } from '../../harness/patience.ts';
import { type RabbitMq, startRabbitMq } from '../../harness/rabbitmq.ts';
import {
  channelTo,
  complaint,
  frameForTest,
  holds,
  openingSink,
  openingSource,
  outcomeOf,
  sendThrough,
  sink,
  source,
  take,
  textOf,
} from './ends.ts';

// The tests of this bus that nobody can share a server with: TLS, alarms, settings of the node. One node for all of them.

const needs = ['rabbitmq-process', 'openssl'] as const;
const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } };
const CONSUMER_TIMEOUT_MS = 3000;
/** Longer than a busy server takes from reading no more to saying so. */
const TIMEOUT_MS = patient(2000);
/** So long no send may end, though the server takes none. */
const HELD_MS = TIMEOUT_MS + 1500;

/** Queues that nobody uses for so long are deleted. */
const EXPIRES_MS = 1500;
/** What was written has reached the server's socket. */
const WRITTEN_MS = 300;

const pem = (path: string): string => readFileSync(path, 'utf8');

interface Place {
  readonly node: RabbitMq;
  readonly certs: Certificates;
}

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());

let starting: Promise<Place> | undefined;
const place = (): Promise<Place> => (starting ??= start());

async function start(): Promise<Place> {
  const certs = stack.use(await certificates());
  const { server, ca } = certs;
  const tls = { cert: server.cert, key: server.key, clientCa: ca };
  return { node: stack.use(await startRabbitMq({ tls, users: { bridge: 'through' } })), certs };
}

/** A queue in the virtual host `/`. */
async function queue(name: string) {
  const { node } = await place();
  const channel = await channelTo(node.url);
  await channel.assertQueue(name, QUORUM);
  return { node, url: node.url, channel };
}

serverTest('with TLS a server is verified, and what fails is told apart', { needs }, async () => {
  const { node, certs } = await place();
  const { tlsUrl } = node;
  const { ca, strangerCa, client, stranger } = certs;
  const pair = { cert: pem(client.cert), key: pem(client.key) };
  const tls = { ca: pem(ca), ...pair };
  const cases: readonly (readonly [RabbitConnection['tls'], RegExp])[] = [
    [pair, /not trusted .*tls\.ca/],
    [{ ...tls, ca: pem(strangerCa) }, /not trusted .*tls\.ca/],
    [{ ...tls, serverName: 'elsewhere.example' }, /names another host .*serverName/],
    [{ ...tls, key: pem(stranger.key) }, /cannot be used/],
  ];
  for (const [given, expected] of cases) {
    assert.match(await complaint(tlsUrl, 'BUS_TLS', { tls: given ?? {} }), expected);
  }
  const uninvited = openingSource(tlsUrl, { queue: 'q' }, { connection: { tls: { ca: pem(ca) } } });
  const said = await Promise.race([uninvited.reported('BUS_TLS'), uninvited.reported('BUS_UNREACHABLE')]);
  assert.match(said, /client certificate|closed the connection/);
});

serverTest(
  'a client certificate is an identity of its own (EXTERNAL), and messages pass over TLS',
  { needs },
  async () => {
    const { certs } = await place();
    const { node, channel } = await queue('over-tls');
    const { ca, client } = certs;
    const tls = { ca: pem(ca), cert: pem(client.cert), key: pem(client.key) };
    const wanted = { connection: { tls, external: true } };
    const reader = await source(node.tlsUrl, { queue: 'over-tls' }, wanted);
    const writer = await sink(node.tlsUrl, { queue: 'over-tls' }, wanted);
    await sendThrough(writer.end, frameForTest('over-tls', 'sealed'));
    assert.equal(textOf((await take(reader.end, 1))[0] ?? assert.fail()), 'sealed');
    // `bridge` is the CN of the certificate, and the user that the server has by that name.
    assert.match(await node.ctl('list_connections', 'user', 'auth_mechanism'), /bridge\s+EXTERNAL/);
    await node.ctl('delete_user', 'bridge');
    assert.match(await complaint(node.tlsUrl, 'BUS_AUTH', { tls, external: true }), /client certificate for a user/);
    await channel.deleteQueue('over-tls');
  },
);

serverTest(
  'while the server blocks publishers sends wait beyond their timeout, readiness falls, and all pass after it',
  { needs },
  async () => {
    const { node, url, channel } = await queue('blocked');
    const writer = await sink(url, { queue: 'blocked', timeout: `${TIMEOUT_MS}ms` });
    await writer.end.send(frameForTest('blocked', 'first'));
    const [away, back] = [writer.nextReport('disconnected'), writer.nextReport('connected')];
    await node.block();
    const sends = Array.from({ length: 20 }, () => writer.end.send(frameForTest('blocked', 'x')));
    await away;
    const said = writer.events.findLast(({ kind }) => kind === 'disconnected');
    assert.match(said?.kind === 'disconnected' ? said.detail : '', /takes nothing until it has room: low on memory/);
    const early = await Promise.race([
      Promise.allSettled(sends),
      new Promise((resolve) => setTimeout(resolve, HELD_MS, 'held')),
    ]);
    assert.equal(early, 'held');
    await node.unblock();
    await back;
    assert.deepEqual(new Set(await Promise.all(sends)), new Set(['confirmed']));
    await holds(channel, 'blocked', 21);
  },
);

serverTest(
  'under the alarm a sink hands nothing more over, and is closed at once; what it had not handed over never arrives',
  { needs },
  async () => {
    const { node, url, channel } = await queue('closing');
    const writer = await sink(url, { queue: 'closing' });
    await writer.end.send(frameForTest('closing', 'first'));
    const away = writer.nextReport('disconnected');
    await node.block();
    try {
      const under = writer.end.send(frameForTest('closing', 'under way'));
      await away;
      const late = await outcomeOf(() => writer.end.send(frameForTest('closing', 'late')));
      assert.match(String(late), /SINK_DOWN|takes nothing/);
      const beganAtMs = performance.now();
      const lost = assert.rejects(under, { code: 'SINK_DOWN' });
      await writer.end.close();
      await lost;
      assert.ok(performance.now() - beganAtMs < patient(1000), 'it waited for a server that reads nothing');
    } finally {
      await node.unblock();
    }
    const next = await sink(url, { queue: 'closing' });
    await next.end.send(frameForTest('closing', 'last'));
    const bodies = new Set<string>();
    for (let message = await channel.get('closing', { noAck: true }); message !== false;) {
      bodies.add(message.content.toString());
      message = await channel.get('closing', { noAck: true });
    }
    assert.ok(bodies.has('first') && bodies.has('last') && !bodies.has('late'), [...bodies].join());
  },
);

serverTest(
  'what an earlier connection wrote under the alarm comes before what a fenced sink writes after it',
  { needs },
  async () => {
    // A server that sees the end of a connection first may drop what it has not read of it: that proves nothing.
    for (let round = 1; round <= 3; round += 1) {
      const bodies = await writtenUnderTheAlarm(`fenced-${round}`);
      assert.equal(bodies.at(-1), 'after');
      if (bodies.length === 1) continue;
      assert.deepEqual(bodies, ['before', 'after']);
      return;
    }
    assert.fail('the server read none of what the earlier connection wrote');
  },
);

/** The bodies in a queue, in order, to which a connection wrote before it ended, and a fenced sink after that. */
async function writtenUnderTheAlarm(name: string): Promise<readonly string[]> {
  const { node, url, channel } = await queue(name);
  const wanted = { isFenced: true, checkpoint: newCheckpoint() };
  const first = await sink(url, { queue: name }, wanted);
  await first.end.close();
  // A plain client in the place of a bridge that is killed: it holds what the sink held, and ends without a word.
  // Its heart would beat on without a socket.
  const killed = await connect(`${url}?heartbeat=0`);
  killed.on('error', () => {});
  const itsChannel = await killed.createChannel();
  await itsChannel.assertQueue(wanted.checkpoint.read() ?? '', { exclusive: true, durable: false });
  await node.block();
  let sent: Promise<Receipt>;
  try {
    // It stays with the server's end of the connection: in the queue only after the alarm.
    itsChannel.sendToQueue(name, Buffer.from('before'));
    await sleep(WRITTEN_MS);
    const socket: unknown = Reflect.get(killed.connection, 'stream');
    assert.ok(socket instanceof Socket);
    socket.destroy();
    const second = openingSink(url, { queue: name }, wanted);
    sent = second.opened.then((end) => end.send(frameForTest(name, 'after')));
    assert.match(await second.reported('BUS_SETTING'), /earlier connection of this route lives on/);
  } finally {
    await node.unblock();
  }
  assert.equal(await sent, 'confirmed');
  // Of a message that comes later still the order would be wrong: it is waited for.
  await sleep(WRITTEN_MS);
  const bodies: string[] = [];
  for (let message = await channel.get(name, { noAck: true }); message !== false;) {
    bodies.push(message.content.toString());
    message = await channel.get(name, { noAck: true });
  }
  return bodies;
}

serverTest(
  'a fence outlives a policy that deletes unused queues, and is set up again when it is deleted',
  { needs },
  async () => {
    const { node, url } = await queue('kept');
    await node.ctl('set_policy', 'unused', '^sluice-', `{"expires": ${EXPIRES_MS}}`);
    try {
      const wanted = { isFenced: true, checkpoint: newCheckpoint() };
      const first = await sink(url, { queue: 'kept' }, wanted);
      await sleep(2 * EXPIRES_MS);
      const second = openingSink(url, { queue: 'kept' }, wanted);
      assert.match(await second.reported('BUS_SETTING'), /earlier connection of this route lives on/);
      second.stop.abort();
      const [away, back] = [first.nextReport('disconnected'), first.nextReport('connected')];
      await node.ctl('delete_queue', wanted.checkpoint.read() ?? '');
      await Promise.all([away, back]);
      assert.match(await node.ctl('list_queues', 'name'), new RegExp(wanted.checkpoint.read() ?? 'no fence'));
    } finally {
      await node.ctl('clear_policy', 'unused');
    }
  },
);

serverTest('a fenced sink whose user may not declare its queue says so, and sends', { needs }, async () => {
  const { node, channel } = await queue('unfenced');
  await node.ctl('add_user', 'writer', 'only');
  await node.ctl('set_permissions', 'writer', '^$', '.*', '.*');
  const url = `amqp://writer:only@127.0.0.1:${node.port}`;
  const writer = await sink(url, { queue: 'unfenced' }, { isFenced: true });
  assert.match(await writer.reported('FENCE_REFUSED'), /403 .*grant our user configure and read on sluice-fence-/);
  assert.equal(await writer.end.send(frameForTest('unfenced', 'sent')), 'confirmed');
  await holds(channel, 'unfenced', 1);
});

serverTest('a source reads on while publishers are blocked', { needs }, async () => {
  const { node, url, channel } = await queue('flowing');
  for (let count = 0; count < 3; count += 1) channel.sendToQueue('flowing', Buffer.from('x'));
  await holds(channel, 'flowing', 3);
  const reader = await source(url, { queue: 'flowing' });
  await take(reader.end, 1);
  await node.block();
  try {
    await take(reader.end, 2);
  } finally {
    await node.unblock();
  }
});

serverTest(
  'a delivery held for longer than the consumer timeout closes the channel: said, and it comes again',
  { needs },
  async () => {
    const { node, url, channel } = await queue('patience');
    channel.sendToQueue('patience', Buffer.from('m0'), { persistent: true });
    await holds(channel, 'patience', 1);
    // Channels that are opened from now on; they look for consumers that took too long once a minute otherwise.
    const settings = `[{consumer_timeout, ${CONSUMER_TIMEOUT_MS}}, {channel_tick_interval, 1000}]`;
    await node.ctl('eval', `[application:set_env(rabbit, Name, Value) || {Name, Value} <- ${settings}].`);
    const reader = await source(url, { queue: 'patience' });
    const [held] = await take(reader.end, 1);
    assert.match(await reader.reported('BUS_SETTING'), /consumer_timeout/);
    const [again] = await take(reader.end, 1);
    assert.equal(again?.attempt === 1, false, 'as seen before');
    // Of a channel that is gone: it says nothing, and takes nobody else's place.
    held?.settle(ACCEPT);
    again?.settle(ACCEPT);
    await reader.end.close();
    await holds(channel, 'patience', 0);
  },
);
