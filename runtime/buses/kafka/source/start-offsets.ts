import { EARLIEST, LATEST, offsetsAt } from '../list-offsets.ts';
import type { Committed } from './group-member.ts';
import type { Link } from '../link.ts';
import type { Start } from '../options.ts';

/** A partition of ours, and where it is led. */
export interface Ours extends Committed {
  readonly leader: number;
}

/** Where reading begins, and what must be said of it. */
export interface Beginning extends Ours {
  /** Messages that `start` asked for and that are gone. */
  readonly lost: number;
}

/**
 * Where the partitions begin in which the group has committed nothing. A partition of a topic that the group has read
 * before was added since: it is read from its beginning, whatever `start` says, or what came before it was noticed
 * would be passed over.
 */
export async function beginnings(
  link: Link,
  uncommitted: readonly Ours[],
  readBefore: ReadonlySet<string>,
  start: Start,
): Promise<readonly Beginning[]> {
  const [added, fresh] = [true, false].map((was) => uncommitted.filter(({ topic }) => readBefore.has(topic) === was));
  const found = await Promise.all([begin(link, added ?? [], 'earliest'), begin(link, fresh ?? [], start)]);
  return found.flat();
}

async function begin(link: Link, places: readonly Ours[], start: Start): Promise<readonly Beginning[]> {
  if (places.length === 0) return [];
  const none = { lost: 0 };
  if (start === 'earliest') return withOffsets(places, await offsetsAt(link, places, EARLIEST), none);
  const ends = withOffsets(places, await offsetsAt(link, places, LATEST), none);
  if (start === 'latest') return ends;
  if ('time' in start) {
    const firsts = withOffsets(places, await offsetsAt(link, places, Date.parse(start.time)), none);
    return firsts.map((first, index) => (first.offset < 0 ? (ends[index] ?? first) : first));
  }
  const lows = withOffsets(places, await offsetsAt(link, places, EARLIEST), none);
  return lows.map((low, index) => {
    const end = ends[index]?.offset ?? low.offset;
    const offset = Math.min(Math.max(start.offset, low.offset), end);
    return { ...low, offset, lost: Math.max(0, low.offset - start.offset) };
  });
}

function withOffsets(
  places: readonly Ours[],
  found: readonly Committed[],
  more: { readonly lost: number },
): readonly Beginning[] {
  return places.map((place) => {
    const same = found.find(({ topic, partition }) => topic === place.topic && partition === place.partition);
    return { ...place, ...more, offset: same?.offset ?? -1 };
  });
}
