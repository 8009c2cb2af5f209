import type { IHeaders, KafkaMessage } from 'kafkajs';
import { kafkaClient } from '../harness/kafka-client.ts';
import type { KafkaDoor } from '../harness/kafka-door.ts';
import { startKafka } from '../harness/kafka.ts';
import { sharedKafka } from '../harness/shared.ts';
import { KAFKA_SUBJECT, stopKafka } from './kafka-subject.ts';
import {
  type Arrived,
  arrivedOf,
  batches,
  type Endpoint,
  metaHeaders,
  type Outgoing,
  type OwnEndpoint,
  type Side,
  type TestBus,
} from './test-bus.ts';

const PARTITIONS = 4;
const BATCH = 1000;
const LISTENING_MS = 10_000;
/** A group waits so long for a member that was killed. 6 s is the least that the server takes. */
const SOURCE = { start: 'earliest', sessionTimeout: '6s' } as const;

const topicOf = (side: Side, tag: string): string => `${side === 'source' ? 'in' : 'out'}-${tag}`;

export function kafkaEndpoint(server: KafkaDoor): Endpoint {
  const client = kafkaClient({ clientId: 'test', brokers: server.brokers });
  return {
    direct: { bus: 'kafka', brokers: server.brokers },
    entrance: (tag, trafficClass) => ({
      bridge: {
        topics: [topicOf('source', tag)],
        ...SOURCE,
        // Some classes come back under a name of the file, the others by the id in their state folder: both are tested.
        ...((trafficClass === 'command' || trafficClass === 'audit') && { instance: 'only' }),
      },
      checker: { topic: topicOf('source', tag) },
    }),
    exit: (tag) => ({
      bridge: { topic: topicOf('sink', tag) },
      checker: { topics: [topicOf('sink', tag)], ...SOURCE },
    }),
    prepare: (side, tags) =>
      server.createTopics(
        tags.map((tag) => topicOf(side, tag)),
        {
          partitions: PARTITIONS,
          ...(side === 'sink' && { config: { 'message.timestamp.type': 'LogAppendTime' } }),
        },
      ),
    remove: (side, tag) => server.admin((admin) => admin.deleteTopics({ topics: [topicOf(side, tag)] })),
    async publish(tag, messages) {
      const producer = client.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      for (const some of batches(messages, BATCH)) {
        const sent = some.map((message) => ({
          key: message.key,
          value: message.body,
          headers: headersOf(message),
        }));
        await producer.send({ topic: topicOf('source', tag), messages: sent });
      }
      await producer.disconnect();
    },
    async listen(tag) {
      const arrived: Arrived[] = [];
      const consumer = client.consumer({ groupId: `listener-${tag}`, maxWaitTimeInMs: 100 });
      const joined = Promise.withResolvers<void>();
      consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
      await consumer.connect();
      await consumer.subscribe({ topics: [topicOf('sink', tag)], fromBeginning: true });
      await consumer.run({
        eachBatch({ batch }) {
          for (const message of batch.messages) arrived.push(arrivedFrom(message));
          return Promise.resolve();
        },
      });
      const tooLate = setTimeout(() => joined.reject(new Error('the listener got no partitions')), LISTENING_MS);
      await joined.promise.finally(() => clearTimeout(tooLate));
      return { arrived, [Symbol.asyncDispose]: () => consumer.disconnect() };
    },
    count: (tag) =>
      server.admin(async (admin) => {
        const offsets = await admin.fetchTopicOffsets(topicOf('sink', tag));
        return offsets.reduce((sum, { high }) => sum + Number(high), 0);
      }),
  };
}

function headersOf(message: Outgoing): IHeaders {
  const made: IHeaders = { ...metaHeaders(message) };
  for (const [name, values] of message.headers ?? []) made[name] = [...values];
  return made;
}

function arrivedFrom({ key, value, headers = {} }: KafkaMessage): Arrived {
  const read = new Map(Object.entries(headers).map(([name, values]) => [name, [values].flat().map(String)]));
  return arrivedOf(key?.toString() ?? '', value ?? Buffer.alloc(0), read);
}

async function start(): Promise<OwnEndpoint> {
  // Clients go where the server says that it is: so its own links are advertised.
  const server = await startKafka({ proxied: 2 });
  const [source, sink] = server.links;
  if (source === undefined || sink === undefined) throw new Error('the node has no links');
  const links = { source, sink };
  return {
    ...kafkaEndpoint(server),
    server,
    links,
    through: (side) => ({ bus: 'kafka', brokers: [`127.0.0.1:${links[side].port}`] }),
    isStamped: true,
    restart: 'kill',
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export const KAFKA: TestBus = {
  name: 'kafka',
  keepsRead: true,
  needsReader: false,
  hasHeartbeats: false,
  subjects: [KAFKA_SUBJECT],
  stop: stopKafka,
  endpoints: {
    needs: { share: 'kafka', start: 'kafka-process' },
    redelivers: true,
    recoversIds: true,
    share: async () => kafkaEndpoint(await sharedKafka()),
    start,
  },
};
