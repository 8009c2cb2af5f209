import type { KafkaMessage } from 'kafkajs';
import { kafkaClient } from '../harness/kafka-client.ts';
import type { KafkaDoor } from '../harness/kafka-door.ts';
import { waitFor } from '../harness/wait-for.ts';

/** Waits until a topic of one partition holds at least so many messages, and reads them in the order of the log. */
export async function readTopic(kafka: KafkaDoor, topic: string, count: number): Promise<readonly KafkaMessage[]> {
  const consumer = kafkaClient({ clientId: topic, brokers: kafka.brokers }).consumer({
    groupId: topic,
    maxWaitTimeInMs: 50,
  });
  const found: KafkaMessage[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void found.push(message) });
  await waitFor(() => found.length >= count, 30_000, `${count} messages in ${topic}`);
  await consumer.disconnect();
  return found;
}
