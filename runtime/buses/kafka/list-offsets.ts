import type { Link } from './link.ts';

const CONSUMER = -1;
const READ_COMMITTED = 1;
/** In place of a time. */
export const EARLIEST = -2;
export const LATEST = -1;

interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** The offset of each place's first message that is not older than `timeMs`, or EARLIEST or LATEST; -1 where there is none. */
export async function offsetsAt(
  link: Link,
  places: readonly (Place & { readonly leader: number })[],
  timeMs: number,
): Promise<readonly (Place & { readonly offset: number })[]> {
  const byLeader = Map.groupBy(places, ({ leader }) => leader);
  const answers = [...byLeader].map(async ([leader, led]) => {
    if (leader < 0) throw link.error('BUS_UNREACHABLE', `${led[0]?.topic}/${led[0]?.partition}: nobody leads it now`);
    const broker = await link.broker(leader);
    const topics = [...Map.groupBy(led, ({ topic }) => topic)].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, timestamp: timeMs })),
    }));
    const { responses } = await broker.listOffsets({ replicaId: CONSUMER, isolationLevel: READ_COMMITTED, topics });
    return responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
    );
  });
  return (await Promise.all(answers)).flat();
}
