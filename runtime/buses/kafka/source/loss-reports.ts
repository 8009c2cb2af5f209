import type { TopicPartition } from '../kafka-client.ts';
import type { Link } from '../link.ts';
import type { PartitionFeed } from './partition-feed.ts';

/** Offsets that retention deleted before they were read. */
export function reportDeleted(link: Link, { topic, partition }: TopicPartition, count: number, why: string): void {
  if (count === 0) return;
  const text = `${link.context.connection}: up to ${count} messages of ${topic}/${partition} are gone: ${why}`;
  link.context.report({ kind: 'loss', code: 'POSITION_LOST', text, messages: count });
}

/** A log that has other messages at the offsets that were read, or ends before them. */
export function reportCutOff(link: Link, { name, nextOffset, unread }: PartitionFeed, why: string): void {
  const known = unread === 0 ? 'how many, is not known' : `${unread} or more`;
  const text = `${link.context.connection}: ${name}: ${why} (${known}; it was read up to offset ${nextOffset}); it is read from its beginning, under other ids`;
  const loss = { kind: 'loss', code: 'LOG_CUT_OFF', text } as const;
  link.context.report(unread === 0 ? loss : { ...loss, messages: unread });
}

/** A topic that was deleted and created again while the route was stopped. */
export function reportReplaced(link: Link, topic: string): void {
  const text = `${link.context.connection}: topic ${topic} was made anew while the route was stopped, and what was not read of the one before is gone; how many messages, is not known. The new one is read from its beginning`;
  link.context.report({ kind: 'loss', code: 'LOG_CUT_OFF', text });
}

/** A batch that cannot be unpacked stops its partition. */
export function reportUnreadable(link: Link, { name }: PartitionFeed, thrown: unknown): void {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const text = `${name}: ${why}. It is tried again; to pass over it, stop the bridge and set the group's offset behind it`;
  link.reportProblem(link.error('BUS_PROTOCOL', text, thrown));
}
