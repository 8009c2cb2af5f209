import type { TopicPartition } from '../kafka-client.ts';
import type { Link } from '../link.ts';

/** Settled records that the metadata of a commit has no room for. */
export function reportOverflow({ context }: Link, omitted: number): void {
  const text = `${context.connection}: ${omitted} settled messages find no room in the metadata of the commits: an instance that takes their partition over now sends them again, also behind newer ones of their keys. A smaller window, maxCommitMetadata and the server's offset.metadata.max.bytes bound it`;
  context.report({ kind: 'notice', code: 'COMMIT_OVERFLOW', text });
}

/** A commit of another program, or one that was copied. */
export function reportForeign({ context }: Link, { topic, partition }: TopicPartition): void {
  const text = `${context.connection}: the commit of ${topic}/${partition} has metadata of another program, or of another offset: it is ignored, and everything from the committed offset on is read`;
  context.report({ kind: 'notice', code: 'COMMIT_METADATA_IGNORED', text });
}
