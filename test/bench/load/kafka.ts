import { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs';
import type { Where } from '../bridge.ts';
import { report } from '../work.ts';
import { KEYS, type Load } from './load.ts';

const PARTITIONS = 4;
const BATCH = 2000;

const client = ({ kafka }: Where): Kafka =>
  new Kafka({ clientId: 'load', brokers: [kafka], logLevel: logLevel.NOTHING });

async function withAdmin<T>(where: Where, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client(where).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

function makeTopic(where: Where, topic: string): Promise<void> {
  return withAdmin(where, async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }] });
  });
}

export const kafkaLoad: Load = {
  isConsumed: false,
  async fill(where, count) {
    await makeTopic(where, 'in');
    const producer = client(where).producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    for (let first = 0; first < count; first += BATCH) {
      const messages = Array.from({ length: Math.min(BATCH, count - first) }, (_, index) => {
        const number = first + index;
        return { key: String(number % KEYS), value: report(number) };
      });
      await producer.send({ topic: 'in', messages });
    }
    await producer.disconnect();
  },
  makeTarget: (where, name) => makeTopic(where, `out-${name}`),
  held: (where, name) =>
    withAdmin(where, async (admin) => {
      const offsets = await admin.fetchTopicOffsets(`out-${name}`);
      return offsets.reduce((sum, { high }) => sum + Number(high), 0);
    }),
};
