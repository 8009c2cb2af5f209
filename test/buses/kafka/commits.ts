import { createKafkaClient } from '../../../runtime/buses/kafka/client/index.ts';
import type { CommittedOffset, KafkaClient, Partitions } from '../../../runtime/buses/kafka/kafka-client.ts';
import type { KafkaDoor } from '../../harness/kafka-door.ts';
import { connectionTo } from './ends.ts';

const ANSWER_MS = 5000;

async function asked<T>(
  broker: string,
  group: string,
  ask: (client: KafkaClient, nodeId: number) => Promise<T>,
): Promise<T> {
  const connection = connectionTo(broker);
  const client = createKafkaClient(() => connection);
  try {
    await client.refresh();
    const nodeId = await client.coordinator(group);
    await client.connect(nodeId);
    return await ask(client, nodeId);
  } finally {
    client.close();
  }
}

/** What the group has committed of these partitions. */
export function committedOf(broker: string, group: string, wanted: Partitions): Promise<readonly CommittedOffset[]> {
  return asked(broker, group, (client, nodeId) => client.committedOffsets(nodeId, group, wanted));
}

/** Puts the one member of the group out of it, as the server does after a silence. */
export async function expel(kafka: KafkaDoor, group: string, instance: string): Promise<void> {
  const [broker = ''] = kafka.brokers;
  const { groups } = await kafka.admin((admin) => admin.describeGroups([group]));
  const memberId = groups[0]?.members[0]?.memberId ?? '';
  await asked(broker, group, (client, nodeId) => client.leaveGroup(nodeId, { group, memberId, instance }, ANSWER_MS));
}

/** Commits as a tool of an operator does: while the group has no members. */
export function commitAs(broker: string, group: string, places: readonly CommittedOffset[]): Promise<void> {
  const nobody = { group, memberId: '', instance: '', generation: -1 };
  return asked(broker, group, (client, nodeId) => client.commitOffsets(nodeId, nobody, places));
}
