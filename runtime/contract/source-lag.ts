/**
 * How far a part of a source is behind, as its bus counts it. What the bus cannot know is absent, never 0 and never -1.
 * Parts are bounded by the bus's own configuration: streams, queues, partitions; never addresses of messages.
 */
export interface SourceLag {
  /** The stream, queue or topic. */
  readonly destination: string;
  readonly partition?: number | undefined;
  /** Messages that the route has not settled: those that wait at the bus, and those that it was lent. */
  readonly messages?: number | undefined;
  /** The stated time of the oldest message that is not settled, in milliseconds since 1970 (UTC). Absent too where there is none. */
  readonly oldestAtMs?: number | undefined;
}
