import type { PartitionOffset, TopicPartition } from './kafka-client.ts';
import type { Link } from './link.ts';

/** As KafkaClient.listOffsets, over the leaders of all these partitions. */
export async function listOffsets(
  link: Link,
  places: readonly (TopicPartition & { readonly leader: number })[],
  timeMs: number,
): Promise<readonly PartitionOffset[]> {
  const byLeader = Map.groupBy(places, ({ leader }) => leader);
  const answers = [...byLeader].map(async ([leader, led]) => {
    if (leader < 0)
      throw link.error('BUS_UNREACHABLE', `${led[0]?.topic}/${led[0]?.partition}: the partition has no leader now`);
    await link.client.connect(leader);
    return link.client.listOffsets(leader, led, timeMs);
  });
  return (await Promise.all(answers)).flat();
}
