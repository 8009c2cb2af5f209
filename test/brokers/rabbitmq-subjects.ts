import { type Channel, connect } from 'amqplib';
import type { HeaderType } from '#contract/frame.ts';
import { rabbitmq } from '../../runtime/buses/rabbitmq/index.ts';
import type { QueueType } from '../../runtime/buses/rabbitmq/options.ts';
import { type RabbitMq, startRabbitMq } from '../harness/rabbitmq.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Subject } from '../conformance/conformance.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { SEND_TIMEOUT } from '../conformance/fixture.ts';
import { judged, promisesOf, serverFixture } from '../conformance/server-fixture.ts';

const USER = 'bridge';
const PASSWORD = 'through';
const EXCHANGE = 'test';
/** Above the largest body of the tests. */
const MAX_MESSAGE_BYTES = 1_050_000;
/** A label that is no value of AMQP. */
const ODD_LABEL = {
  headers: new Map([['seclabel', ['{']]]),
  headerTypes: new Map<string, HeaderType[]>([['seclabel', ['json']]]),
};
const BOUND_MS = 20_000;
const CLOSES_CHANNEL = 'the server says so by closing the channel, and what was under way on it goes again';

const optionsFor = (queue: string, type: QueueType) =>
  judged(rabbitmq, {
    connection: { username: USER, password: PASSWORD, keepAlive: '2s' },
    from: { queue, type },
    to: { exchange: EXCHANGE, routingKey: '{key}', timeout: SEND_TIMEOUT, type },
  });

/** One node for all tests, each with names of its own: a node takes longer to start than most tests to judge. */
async function startNode(): Promise<RabbitMq> {
  const node = await startRabbitMq({
    users: { [USER]: PASSWORD },
    config: `max_message_size = ${MAX_MESSAGE_BYTES}`,
  });
  await node.ctl('set_topic_permissions', USER, EXCHANGE, String.raw`^(?!denied\.)`, '.*');
  return node;
}

let starting: Promise<RabbitMq> | undefined;
let fixtures = 0;

async function on(node: RabbitMq, work: (channel: Channel) => Promise<unknown>): Promise<void> {
  const connection = await connect(node.url);
  // What the server refuses rejects the work.
  connection.on('error', () => {});
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    await work(channel);
  } finally {
    await connection.close().catch(() => {});
  }
}

async function makeQueue(channel: Channel, queue: string, type: QueueType): Promise<void> {
  await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } });
  await channel.bindQueue(queue, EXCHANGE, `${queue}.#`);
}

async function bindAgain(channel: Channel, queue: string): Promise<void> {
  await channel.bindQueue(queue, EXCHANGE, `${queue}.#`);
  await channel.bindQueue(queue, EXCHANGE, `${queue}.*`);
}

function subject(type: QueueType): Subject {
  return {
    name: `rabbitmq ${type}`,
    needs: ['rabbitmq-process'],
    promises: promisesOf(optionsFor('test', type)),
    async arrange() {
      const node = await (starting ??= startNode());
      fixtures += 1;
      const queue = `test${fixtures}`;
      await on(node, (channel) => makeQueue(channel, queue, type));
      /** What a test that failed would leave to the next one. */
      const undone = new Set<() => Promise<unknown> | void>();
      const undo = async (step: () => Promise<unknown> | void): Promise<void> => {
        undone.delete(step);
        await step();
      };
      const unblock = (): Promise<void> => node.unblock();
      const grant = (): Promise<string> => node.ctl('change_password', USER, PASSWORD);
      const changePassword = async (password: string): Promise<void> => {
        undone.add(grant);
        await node.ctl('change_password', USER, password);
        // The server asks who comes at the beginning of a connection only.
        await node.closeConnections();
      };
      const restart = async (): Promise<void> => {
        await node.restart();
        // About one restart in a hundred the server routes no more by a binding that it had confirmed. Another one for the
        // same addresses is nothing to the driver, which is what is judged.
        await waitFor(() => on(node, (channel) => bindAgain(channel, queue)).then(() => true), BOUND_MS, 'a binding');
      };
      const server = {
        ...node,
        kill: () => node.kill().finally(() => undone.add(restart)),
        restart: () => undo(restart),
        async [Symbol.asyncDispose]() {
          node.resume();
          if (undone.delete(restart)) await restart();
          for (const step of undone) await step();
          // A restart brings back every queue that there is.
          await on(node, (channel) => channel.deleteQueue(queue));
        },
      };
      return serverFixture(optionsFor(queue, type), server, {
        address: (name) => `${queue}.${name}`,
        sendDeadlineMs: 5000,
        beforeKill: () => node.saveNow(),
        refusals: [
          {
            kind: 'too-large',
            by: 'server',
            code: 'SINK_TOO_LARGE',
            frame: () => frameForTest(`${queue}.a`, Buffer.alloc(MAX_MESSAGE_BYTES + 1)),
            severs: CLOSES_CHANNEL,
          },
          {
            kind: 'denied',
            by: 'server',
            code: 'SINK_DENIED',
            frame: () => frameForTest(`denied.${queue}`, 'x'),
            severs: CLOSES_CHANNEL,
          },
          {
            kind: 'unroutable',
            by: 'server',
            code: 'SINK_REFUSED',
            frame: () => frameForTest(`nowhere.${queue}`, 'x'),
          },
          {
            kind: 'rejected',
            by: 'driver',
            code: 'HEADER_UNSPELLABLE',
            frame: () => ({ ...frameForTest(`${queue}.a`, 'x'), ...ODD_LABEL }),
          },
        ],
        revoke: () => changePassword('elsewhere'),
        changePassword,
        grant: () => undo(grant),
        async fill() {
          undone.add(unblock);
          await node.block();
        },
        relieve: () => undo(unblock),
      });
    },
  };
}

export const QUORUM: Subject = subject('quorum');
export const CLASSIC: Subject = subject('classic');
export const STREAM: Subject = subject('stream');

/** After the last test. */
export async function stopRabbitMq(): Promise<void> {
  await (await starting)?.[Symbol.asyncDispose]();
}
