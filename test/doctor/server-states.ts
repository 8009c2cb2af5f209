import type { JetStreamManager } from '@nats-io/jetstream';
import type { Channel } from 'amqplib';
import type { Kafka } from '../harness/kafka.ts';

// What a server has, as one text: the same before and after a command that leaves nothing behind.

/** Every stream of the account with its figures, and all that the account uses. */
export async function natsState(manager: JetStreamManager): Promise<string> {
  const streams = await manager.streams.list().next();
  const { memory, storage, streams: count, consumers } = await manager.getAccountInfo();
  return JSON.stringify([streams.map(({ state }) => state), { memory, storage, count, consumers }]);
}

/** All topics with their ends, and all groups. */
export async function kafkaState(kafka: Kafka): Promise<string> {
  return kafka.admin(async (admin) => {
    const topics = (await admin.listTopics()).toSorted();
    const ends = await Promise.all(topics.map(async (topic) => [topic, await admin.fetchTopicOffsets(topic)]));
    return JSON.stringify([ends, await admin.listGroups()]);
  });
}

/** Names of queues, exchanges and bindings of a virtual host, and the counts of each queue. */
export async function rabbitState(channel: Channel, managementUrl: string, vhost: string): Promise<string> {
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  const named = async (what: string): Promise<readonly { name?: string; source?: string; routing_key?: string }[]> => {
    const answer = await fetch(`${managementUrl}/api/${what}/${vhost}`, { headers: { authorization } });
    return (await answer.json()) as { name?: string }[];
  };
  const [queues = [], ...others] = await Promise.all(['queues', 'exchanges', 'bindings'].map(named));
  const counts: string[] = [];
  for (const { name = '' } of queues) {
    const { messageCount, consumerCount } = await channel.checkQueue(name);
    counts.push(`${name} ${messageCount} ${consumerCount}`);
  }
  const names = others.map((all) =>
    all.map(({ name, source, routing_key: key }) => `${name} ${source} ${key}`).toSorted(),
  );
  return JSON.stringify([counts.toSorted(), names]);
}
