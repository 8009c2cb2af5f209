import { type Channel, connect, type ConsumeMessage, type Options } from 'amqplib';
import type { QueueType } from '../../runtime/buses/rabbitmq/options.ts';
import { nameOf, readMark } from '../../runtime/verify/mark.ts';
import { startRabbitMq } from '../harness/rabbitmq.ts';
import { sharedRabbitMq } from '../harness/shared.ts';
import { waitFor } from '../harness/wait-for.ts';
import { ownEndpoint } from './own-endpoint.ts';
import { CLASSIC, QUORUM, stopRabbitMq, STREAM } from './rabbitmq-subjects.ts';
import {
  type Arrived,
  arrivedOf,
  batches,
  type Endpoint,
  type EndpointKind,
  type Outgoing,
  type Side,
  type TestBus,
} from './test-bus.ts';

const UNCONFIRMED = 1000;
/** The last fault of a run may not be over when its messages have all arrived. */
const READ_MS = 30_000;

const queueOf = (side: Side, tag: string): string => `${side === 'source' ? 'in' : 'out'}-${tag}`;
const expiredOf = (queue: string): string => `${queue}-expired`;

/** Work on a connection of its own. */
async function on<T>(url: string, work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(url, { noDelay: true });
  connection.on('error', () => {});
  try {
    return await work(await connection.createConfirmChannel());
  } finally {
    await connection.close().catch(() => {});
  }
}

/** A queue behind a topic exchange of its name. What expires in a quorum queue goes to another queue. */
async function makeQueue(channel: Channel, name: string, type: QueueType): Promise<void> {
  await channel.assertExchange(name, 'topic');
  await channel.assertQueue(name, await argumentsOf(channel, name, type));
  await channel.bindQueue(name, name, '#');
}

async function argumentsOf(channel: Channel, name: string, type: QueueType): Promise<Options.AssertQueue> {
  if (type !== 'quorum') return { durable: true, arguments: { 'x-queue-type': type } };
  await channel.assertQueue(expiredOf(name), { durable: true });
  // At least once, or a message that expires while the node is killed is nowhere; that strategy demands the overflow.
  const dead = {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': expiredOf(name),
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
  return { durable: true, arguments: { 'x-queue-type': type, ...dead } };
}

function endpointAt(url: string, type: QueueType): Endpoint {
  return {
    direct: { bus: 'rabbitmq', url },
    entrance: (tag) => ({
      bridge: { queue: queueOf('source', tag), ...(type !== 'quorum' && { type }), key: '{routingKey.1}' },
      checker: { exchange: queueOf('source', tag), routingKey: `${tag}.{key}` },
    }),
    exit: (tag) => ({
      bridge: { exchange: queueOf('sink', tag), routingKey: `${tag}.{key}` },
      checker: { queue: queueOf('sink', tag) },
    }),
    prepare: (side, tags) =>
      on(url, async (channel) => {
        for (const tag of tags) await makeQueue(channel, queueOf(side, tag), type);
      }),
    remove: (side, tag) => on(url, async (channel) => void (await channel.deleteQueue(queueOf(side, tag)))),
    async publish(tag, messages) {
      const connection = await connect(url, { noDelay: true });
      const channel = await connection.createConfirmChannel();
      for (const some of batches(messages, UNCONFIRMED)) {
        for (const message of some) {
          const address = `${tag}.${message.key}`;
          channel.publish(queueOf('source', tag), address, message.body, propertiesOf(message));
        }
        await channel.waitForConfirms();
      }
      await connection.close();
    },
    async listen(tag) {
      const arrived: Arrived[] = [];
      const connection = await connect(url);
      const channel = await connection.createChannel();
      const take = (message: ConsumeMessage | null): void => {
        if (message !== null) arrived.push(arrivedFrom(message));
      };
      await channel.consume(queueOf('sink', tag), take, { noAck: true });
      return { arrived, [Symbol.asyncDispose]: () => connection.close() };
    },
    count: (tag) => on(url, async (channel) => (await channel.checkQueue(queueOf('sink', tag))).messageCount),
  };
}

function propertiesOf({ id, headers = new Map(), contentType, lifeMs }: Outgoing): Options.Publish {
  return {
    persistent: true,
    ...(id !== undefined && { messageId: id }),
    ...(contentType !== undefined && { contentType }),
    ...(lifeMs !== undefined && { expiration: lifeMs }),
    // A table holds a name once: repeated values are a list.
    headers: Object.fromEntries(
      [...headers].map(([name, values]) => [name, values.length === 1 ? values[0] : [...values]]),
    ),
  };
}

function arrivedFrom({ fields, content, properties }: ConsumeMessage): Arrived {
  const headers = Object.entries(properties.headers ?? {}).map(
    ([name, value]) => [name, [value].flat().map(String)] as const,
  );
  const ttl = Number(properties.expiration);
  return {
    ...arrivedOf(fields.routingKey.split('.')[1] ?? '', content, new Map(headers)),
    contentType: textOr(properties.contentType),
    id: textOr(properties.messageId),
    expiresAtMs: Number.isFinite(ttl) ? Date.now() + ttl : undefined,
  };
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The names of the run's messages that expired in a queue before they were read. Waits for a server that is away. */
async function expiredIn(url: string, queue: string, run: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const read = async (channel: Channel): Promise<boolean> => {
    for (;;) {
      const message = await channel.get(expiredOf(queue), { noAck: true });
      if (message === false) return true;
      const reading = readMark({ headers: new Map(), body: message.content }, 'body');
      if (reading.kind !== 'unreadable' && reading.mark.run === run) names.add(nameOf(reading.mark));
    }
  };
  await waitFor(() => on(url, read), READ_MS, `the messages that expired in ${queue}`);
  return names;
}

/** Endpoints whose queues are of that type. */
export function rabbitEndpoints(type: QueueType): EndpointKind {
  return {
    needs: { share: 'rabbitmq', start: 'rabbitmq-process' },
    redelivers: true,
    recoversIds: false,
    share: async () => endpointAt(await (await sharedRabbitMq()).freshVhost(), type),
    async start(options) {
      const starting = startRabbitMq();
      const own = await ownEndpoint(
        starting,
        ({ url }) => endpointAt(url, type),
        (server) => ({
          restart: 'kill',
          block: () => server.block(),
          unblock: () => server.unblock(),
          alarm: (ms) => server.blockFor(ms),
          async unread(side, tag, run) {
            const expired = await expiredIn(server.url, queueOf(side, tag), run);
            return (name) => expired.has(name);
          },
        }),
        options,
      );
      return {
        ...own,
        async prepare(side, tags) {
          await own.prepare(side, tags);
          await (await starting).saveNow();
        },
      };
    },
  };
}

export const RABBITMQ: TestBus = {
  name: 'rabbitmq',
  keepsRead: false,
  needsReader: false,
  hasHeartbeats: true,
  subjects: [QUORUM, CLASSIC, STREAM],
  stop: stopRabbitMq,
  endpoints: rabbitEndpoints('quorum'),
};
