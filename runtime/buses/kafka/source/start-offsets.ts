import { type CommittedOffset, EARLIEST, LATEST, type PartitionOffset } from '../kafka-client.ts';
import type { Link } from '../link.ts';
import { listOffsets } from '../list-offsets.ts';
import type { Start } from '../options.ts';

/** An assigned partition, its committed offset and its leader. */
export interface AssignedPartition extends CommittedOffset {
  readonly leader: number;
}

/** The offset at which reading begins. */
export interface StartOffset extends AssignedPartition {
  /** Messages that `start` asked for and that are gone. */
  readonly lost: number;
}

/**
 * The offsets at which reading begins in partitions without a committed offset. A partition of a topic that the group has
 * read before was added later: it is read from its beginning, whatever `start` says; otherwise the messages that came
 * before the partition was noticed would be skipped.
 */
export async function startOffsets(
  link: Link,
  uncommitted: readonly AssignedPartition[],
  readBefore: ReadonlySet<string>,
  start: Start,
): Promise<readonly StartOffset[]> {
  const [added, fresh] = [true, false].map((was) => uncommitted.filter(({ topic }) => readBefore.has(topic) === was));
  const found = await Promise.all([startOf(link, added ?? [], 'earliest'), startOf(link, fresh ?? [], start)]);
  return found.flat();
}

async function startOf(
  link: Link,
  places: readonly AssignedPartition[],
  start: Start,
): Promise<readonly StartOffset[]> {
  if (places.length === 0) return [];
  const none = { lost: 0 };
  if (start === 'earliest') return withOffsets(places, await listOffsets(link, places, EARLIEST), none);
  const ends = withOffsets(places, await listOffsets(link, places, LATEST), none);
  if (start === 'latest') return ends;
  if ('time' in start) {
    const firsts = withOffsets(places, await listOffsets(link, places, Date.parse(start.time)), none);
    return firsts.map((first, index) => (first.offset < 0 ? (ends[index] ?? first) : first));
  }
  const lows = withOffsets(places, await listOffsets(link, places, EARLIEST), none);
  return lows.map((low, index) => {
    const end = ends[index]?.offset ?? low.offset;
    const offset = Math.min(Math.max(start.offset, low.offset), end);
    return { ...low, offset, lost: Math.max(0, low.offset - start.offset) };
  });
}

function withOffsets(
  places: readonly AssignedPartition[],
  found: readonly PartitionOffset[],
  more: { readonly lost: number },
): readonly StartOffset[] {
  return places.map((place) => {
    const same = found.find(({ topic, partition }) => topic === place.topic && partition === place.partition);
    return { ...place, ...more, offset: same?.offset ?? -1 };
  });
}
