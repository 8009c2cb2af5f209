import type { CommittedOffset } from '../kafka-client.ts';
import { type SettledBeyond, readMetadata, writeMetadata } from './commit-metadata.ts';
import type { PartitionFeed } from './partition-feed.ts';

/** The commit of one feed. */
interface FeedCommit extends CommittedOffset {
  readonly feed: PartitionFeed;
  /** Of the feed, when the commit was made. */
  readonly version: number;
}

/** One commit of all feeds. */
export interface SourceCommit {
  readonly number: number;
  readonly places: readonly FeedCommit[];
  /** Settled records that found no room in the metadata. */
  readonly omitted: number;
}

/** The commits of the feeds that have settled anything since their last one. `tagOf`: the tag of a topic. */
export function commitOf(
  number: number,
  feeds: Iterable<PartitionFeed>,
  tagOf: (topic: string) => string,
  maxBytes: number,
): SourceCommit {
  const places: FeedCommit[] = [];
  let omitted = 0;
  for (const feed of feeds) {
    const { topic, partition, position, commits } = feed;
    if (!commits.lacks(position)) continue;
    const written = writeMetadata({ ...feed.settlement(), tag: tagOf(topic) }, maxBytes);
    omitted += written.omitted;
    const place = { topic, partition, offset: position, metadata: written.text };
    commits.sending(place);
    places.push({ ...place, feed, version: commits.version });
  }
  return { number, places, omitted };
}

/**
 * What a commit says of the records behind its offset. `none`: nothing is settled there. `foreign`: its metadata is another
 * program's, or belongs to another offset or topic.
 */
export function settledBeyond({ offset, metadata }: CommittedOffset, tag: string): SettledBeyond | 'none' | 'foreign' {
  if (metadata === '') return 'none';
  const read = readMetadata(metadata);
  return read !== undefined && read.offset === offset && read.tag === tag ? read : 'foreign';
}
