import { Kafka, logLevel, Partitioners } from 'kafkajs';
import type { TrafficEnd } from './end.ts';

function client(url: string): Kafka {
  return new Kafka({ clientId: 'traffic', brokers: [new URL(url).host], logLevel: logLevel.NOTHING });
}

export const kafkaEnd: TrafficEnd = {
  async openPublisher(url, tag) {
    const producer = client(url).producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return (key, value) => void producer.send({ topic: `in-${tag}`, acks: -1, messages: [{ key, value }] });
  },
  async openReceiver(url, tag, arrived) {
    const consumer = client(url).consumer({ groupId: `traffic-${tag}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [`out-${tag}`], fromBeginning: true });
    await consumer.run({
      partitionsConsumedConcurrently: 4,
      eachBatch({ batch }) {
        for (const { value } of batch.messages) arrived(value ?? new Uint8Array());
        return Promise.resolve();
      },
    });
  },
};
