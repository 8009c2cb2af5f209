import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after } from 'node:test';
import { type ChannelModel, connect, credentials } from 'amqplib';
import { certificates } from './certificates.ts';
import { serverTest } from './server-test.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { type RabbitMq, startRabbitMq } from './rabbitmq.ts';
import { waitFor } from './wait-for.ts';

const NEEDS = ['rabbitmq-process'] as const;
const READY_MS = 20_000;

/** For the tests that leave it as they found it. */
let starting: Promise<RabbitMq> | undefined;
const ownNode = (): Promise<RabbitMq> => (starting ??= startRabbitMq());
after(async () => (await starting)?.[Symbol.asyncDispose]());

async function open(url: string, options?: object): Promise<ChannelModel> {
  const connection = await connect(url, options);
  // A node that is killed, and a connection that is closed from outside: what these tests do.
  connection.on('error', () => {});
  return connection;
}

async function fill(url: string, queue: string, type: string, count: number): Promise<void> {
  const connection = await open(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } });
  for (let n = 0; n < count; n += 1) channel.sendToQueue(queue, Buffer.from(String(n)), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}

/** What a queue gives, in order, as soon as it gives anything: a stream has no leader yet right after a start. */
async function drain(url: string, queue: string, count: number, options: object = {}): Promise<string[]> {
  const connection = await open(url);
  const found: string[] = [];
  await waitFor(
    async () => {
      const channel = await connection.createChannel();
      channel.on('error', () => {});
      await channel.prefetch(count);
      await channel.consume(
        queue,
        (message) => {
          if (message === null) return;
          found.push(message.content.toString());
          channel.ack(message);
        },
        options,
      );
      return true;
    },
    READY_MS,
    `${queue} to be consumed`,
  );
  await waitFor(() => found.length >= count, READY_MS, `${count} messages of ${queue}`);
  await connection.close();
  return found;
}

const NUMBERS = Array.from({ length: 100 }, (_, n) => String(n));

serverTest('a killed RabbitMQ comes back with what it confirmed, streams too', { needs: NEEDS }, async () => {
  const rabbit = await ownNode();
  const url = await rabbit.freshVhost();
  for (const type of ['classic', 'quorum', 'stream']) await fill(url, type, type, NUMBERS.length);
  await rabbit.saveNow();
  await rabbit.kill();
  assert.equal(await portOpen(rabbit.port), false);
  await rabbit.restart();
  for (const type of ['classic', 'quorum']) assert.deepEqual(await drain(url, type, NUMBERS.length), NUMBERS);
  const first = { arguments: { 'x-stream-offset': 'first' } };
  assert.deepEqual(await drain(url, 'stream', NUMBERS.length, first), NUMBERS);
});

/** Whether a process runs: one that is dead and that nobody has taken note of does not. */
function runs(pid: string): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}

serverTest(
  'nothing of a RabbitMQ is left once its handle is gone, even of a paused one',
  { needs: NEEDS },
  async () => {
    let ports: number[] = [];
    let pid = '';
    {
      await using rabbit = await startRabbitMq();
      const [node, names] = await Promise.all([
        rabbit.ctl('eval', 'io:format("~s", [os:getpid()]).'),
        rabbit.ctl('eval', 'io:format("~s", [os:getenv("ERL_EPMD_PORT")]).'),
      ]);
      pid = Number.parseInt(node).toString();
      ports = [rabbit.port, Number.parseInt(names)];
      assert.deepEqual(await Promise.all(ports.map((port) => portOpen(port))), [true, true]);
      assert.equal(runs(pid), true);
      rabbit.pause();
    }
    assert.deepEqual(await Promise.all(ports.map((port) => portOpen(port))), [false, false]);
    assert.equal(runs(pid), false);
  },
);

/** Longer than a look at whether it has begun. */
const BLOCKED_MS = 1000;

serverTest('a blocked RabbitMQ withholds confirms until it is unblocked', { needs: NEEDS }, async () => {
  const rabbit = await ownNode();
  const connection = await open(rabbit.url);
  const said: string[] = [];
  connection.on('blocked', () => said.push('blocked'));
  connection.on('unblocked', () => said.push('unblocked'));
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('q');
  await rabbit.block();
  channel.sendToQueue('q', Buffer.from('held'));
  await waitFor(() => said.includes('blocked'), READY_MS, 'the alarm');
  const confirmed = channel.waitForConfirms().then(() => said.push('confirmed'));
  await rabbit.unblock();
  await confirmed;
  assert.deepEqual(said.toSorted(), ['blocked', 'confirmed', 'unblocked']);
  said.length = 0;
  const alarm = rabbit.blockFor(BLOCKED_MS);
  const isBlocked = (): boolean => {
    channel.sendToQueue('q', Buffer.from('asks'));
    return said.includes('blocked');
  };
  await waitFor(isBlocked, READY_MS, 'the alarm');
  await alarm;
  await channel.waitForConfirms();
  await waitFor(() => said.includes('unblocked'), READY_MS, 'the end of the alarm');
  let closed = false;
  connection.on('close', () => (closed = true));
  await rabbit.closeConnections();
  await waitFor(() => closed, READY_MS, 'the connection to be closed');
});

serverTest(
  'a RabbitMQ with a client CA takes its clients, also by their name alone',
  { needs: [...NEEDS, 'openssl'] },
  async () => {
    using made = await certificates();
    await using rabbit = await startRabbitMq({
      tls: { ...made.server, clientCa: made.ca },
      users: { bridge: 'secret' },
    });
    const files = (pair: { cert: string; key: string }) => ({
      ca: [readFileSync(made.ca)],
      cert: readFileSync(pair.cert),
      key: readFileSync(pair.key),
    });
    const host = rabbit.tlsUrl.replace('amqps://', '');
    await (await open(`amqps://bridge:secret@${host}`, files(made.client))).close();
    await (await open(rabbit.tlsUrl, { ...files(made.client), credentials: credentials.external() })).close();
    await assert.rejects(open(`amqps://bridge:wrong@${host}`, files(made.client)), /ACCESS_REFUSED|403/);
    await assert.rejects(open(rabbit.tlsUrl, files(made.stranger)));
  },
);
