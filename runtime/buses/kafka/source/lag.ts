import type { SourceLag } from '#contract/source-lag.ts';
import { LATEST } from '../kafka-client.ts';
import type { Link } from '../link.ts';
import { listOffsets } from '../list-offsets.ts';
import type { PartitionFeed } from './partition-feed.ts';

/**
 * From the settled position to the end of the log, in offsets: those without a record, after compaction or at markers, count too.
 * Records that were settled out of order count until those before them are.
 */
export async function lagOf(link: Link, feeds: readonly PartitionFeed[]): Promise<readonly SourceLag[]> {
  const led = feeds.filter(({ leader }) => leader >= 0);
  // Before the end is asked for: what is settled meanwhile must not make less than nothing of it.
  const positions = led.map(({ position, oldestAtMs }) => ({ position, oldestAtMs }));
  const ends = await listOffsets(link, led, LATEST);
  return led.flatMap(({ topic, partition }, at) => {
    const end = ends.find((one) => one.topic === topic && one.partition === partition)?.offset ?? -1;
    const { position = -1, oldestAtMs } = positions[at] ?? {};
    if (end < 0 || position < 0) return [];
    return [{ destination: topic, partition, messages: Math.max(0, end - position), oldestAtMs }];
  });
}
