import type { KafkaDoor } from '../../harness/kafka-door.ts';
import { frameForTest, GROUP, openSink } from './ends.ts';

/** Sends `count` messages `FROM`, `FROM + 1`, ... to one partition each. */
export async function write(
  broker: string,
  topic: string,
  from: number,
  count: number,
  partition?: number,
): Promise<void> {
  await using sink = await openSink(broker, { topic, ...(partition === undefined ? {} : { partition }) });
  await sink.deliver(
    Array.from({ length: count }, (_, at) =>
      frameForTest(topic, String(from + at), { key: 'k', timestampMs: 1_700_000_000_000 + from + at }),
    ),
  );
}

/** Offsets that the group has committed, by partition. */
export const committed = async (kafka: KafkaDoor, topic: string, group = GROUP): Promise<string[]> => {
  const [found] = await kafka.admin((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
  return (found?.partitions ?? []).toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset);
};
