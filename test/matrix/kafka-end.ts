import type { IHeaders, KafkaMessage } from 'kafkajs';
import { kafkaClient } from '../harness/kafka-client.ts';
import type { KafkaDoor } from '../harness/kafka-door.ts';
import { type Arrived, CONTENT_TYPE, LIFE_MS, type Sent } from './far-message.ts';
import type { MatrixEnd } from './matrix-end.ts';

const PARTITIONS = 4;
const BATCH = 500;
const LISTENING_MS = 10_000;

export function kafkaEnd(server: KafkaDoor): MatrixEnd {
  const client = kafkaClient({ clientId: 'matrix', brokers: server.brokers });
  return {
    connection: { bus: 'kafka', brokers: server.brokers },
    // A group that is killed is waited for as long as its session lasts; 6 s is the least that the server takes.
    from: (pair) => ({ topics: [`in-${pair}`], start: 'earliest', sessionTimeout: '6s' }),
    to: (pair) => ({ topic: `out-${pair}` }),
    prepareSource: (pair) => server.createTopic(`in-${pair}`, { partitions: PARTITIONS }),
    async publish(pair, messages) {
      const producer = client.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      for (let at = 0; at < messages.length; at += BATCH) {
        await producer.send({
          topic: `in-${pair}`,
          messages: messages.slice(at, at + BATCH).map((message) => ({
            key: message.key,
            value: message.body,
            headers: headersOf(message),
          })),
        });
      }
      await producer.disconnect();
    },
    async listen(pair) {
      const topic = `out-${pair}`;
      await server.createTopic(topic, { partitions: PARTITIONS });
      const arrived: Arrived[] = [];
      const consumer = client.consumer({ groupId: `listener-${pair}`, maxWaitTimeInMs: 100 });
      const joined = Promise.withResolvers<void>();
      consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
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
  };
}

function headersOf({ id, headers }: Sent): IHeaders {
  return {
    ...Object.fromEntries([...headers].map(([name, values]) => [name, [...values]])),
    msgid: id,
    'content-type': CONTENT_TYPE,
    expirytime: new Date(Date.now() + LIFE_MS).toISOString(),
  };
}

function arrivedFrom({ key, value, headers = {} }: KafkaMessage): Arrived {
  const read = new Map(Object.entries(headers).map(([name, values]) => [name, [values].flat().map(String)]));
  const take = (name: string): string | undefined => {
    const first = read.get(name)?.[0];
    read.delete(name);
    return first;
  };
  const [expiry, id, contentType] = ['expirytime', 'msgid', 'content-type'].map(take);
  return {
    key: key?.toString() ?? '',
    body: value ?? Buffer.alloc(0),
    headers: read,
    contentType,
    id,
    atMs: Date.now(),
    expiresAtMs: expiry === undefined ? undefined : Date.parse(expiry),
  };
}
