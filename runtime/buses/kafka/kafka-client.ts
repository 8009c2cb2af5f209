import type { KafkaError } from './kafka-error.ts';

/**
 * All that the two ends need of a Kafka client library. Promises reject with KafkaError. No request is sent a second time
 * by itself. A request to a server goes over the connection that `connect` made: without one it rejects at once and is
 * never sent later, so that no older copy of a batch can follow a newer one.
 */
export interface KafkaClient extends Connections, Metadata, Logs, Groups {}

export interface Connections {
  /** Called when an established connection has ended, with `host:port`. One listener. */
  onLost(listener: (address: string) => void): void;
  /** Called when the client ended a connection because an answer is overdue, with the reason. One listener. */
  onRenewed(listener: (reason: string) => void): void;
  /** Connects to the server with that id, unless it is connected. */
  connect(nodeId: number): Promise<void>;
  isConnected(nodeId: number): boolean;
  /** Ends the connection to one server, whose open requests fail, and reports it as renewed. Nothing where there is none. */
  disconnect(nodeId: number, reason: string): void;
  /** Ends every connection at once: open requests fail. */
  sever(): void;
  /** The same, for good. */
  close(): void;
}

export interface Metadata {
  /** Asks any server for the servers of the cluster. Rejects with BUS_PROTOCOL where the cluster is too old. */
  refresh(): Promise<void>;
  /** The topic's partitions, in order. Rejects with BUS_MISSING where there is no such topic. */
  partitions(topic: string): Promise<readonly PartitionMetadata[]>;
  /** Every topic that the client may see. */
  topics(): Promise<readonly TopicMetadata[]>;
  /** The ids of topics, which differ from those of deleted topics of the same name. Empty where the server has none. */
  topicIds(topics: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Settings of a topic by name; those that are missing or not readable are left out. */
  topicConfig(nodeId: number, topic: string, names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** With the server's defaults. */
  createTopic(topic: string): Promise<void>;
}

export interface Logs {
  /** Asks the leader of these partitions for record batches of committed transactions, without a session. */
  fetch(nodeId: number, wanted: readonly FetchPosition[], limits: FetchLimits): Promise<readonly Fetched[]>;
  /** One batch for each partition at most, confirmed by all replicas in sync. Each partition has its own result. */
  produce(
    nodeId: number,
    batches: readonly ProduceBatch[],
    timeouts: ProduceTimeouts,
  ): Promise<readonly ProduceResult[]>;
  /** The offset of the first message that is not older than `timeMs`, or EARLIEST or LATEST; -1 where there is none. */
  listOffsets(nodeId: number, places: readonly TopicPartition[], timeMs: number): Promise<readonly PartitionOffset[]>;
}

/** The classic group protocol, one request each, to the group's coordinator. */
export interface Groups {
  /** The id of the group's coordinator. */
  coordinator(group: string): Promise<number>;
  joinGroup(nodeId: number, member: GroupMemberId, request: JoinRequest, answerMs: number): Promise<JoinedGroup>;
  /** The leader sends the assignments of all members; the others send none. Resolves with this member's own. */
  syncGroup(nodeId: number, member: GroupGeneration, all: GroupAssignment, answerMs: number): Promise<Partitions>;
  heartbeat(nodeId: number, member: GroupGeneration, answerMs: number): Promise<void>;
  leaveGroup(nodeId: number, member: GroupMemberId, answerMs: number): Promise<void>;
  /** The group's committed offsets; -1: none. */
  committedOffsets(nodeId: number, group: string, partitions: Partitions): Promise<readonly CommittedOffset[]>;
  commitOffsets(nodeId: number, member: GroupGeneration, offsets: readonly CommittedOffset[]): Promise<void>;
  /** Deletes a group without members, and its commits. */
  deleteGroup(nodeId: number, group: string): Promise<void>;
}

/** In place of a time. */
export const EARLIEST = -2;
export const LATEST = -1;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

export interface CommittedOffset extends PartitionOffset {
  /** What its committer wrote beside it; empty: nothing. The server bounds it (`offset.metadata.max.bytes`). */
  readonly metadata: string;
}

export interface PartitionMetadata {
  readonly partition: number;
  /** The id of its leader; -1 while it has none. */
  readonly leader: number;
}

export interface TopicMetadata {
  readonly topic: string;
  readonly partitions: readonly PartitionMetadata[];
}

/** From where one partition is fetched. */
export type FetchPosition = PartitionOffset;

export interface FetchLimits {
  /** How long the server waits for something to come. */
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

/** The answer of a fetch for one partition. */
export interface Fetched extends TopicPartition {
  readonly error: KafkaError | undefined;
  /** Offset behind the last message that a reader could be given; negative where the server does not report it. */
  readonly highWatermark: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches as they lie in the log; the last may be cut off. */
  readonly records: Buffer;
}

/** An aborted transaction, as a fetch names it. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** One finished record batch. */
export interface ProduceBatch extends TopicPartition {
  readonly bytes: Buffer;
}

export interface ProduceTimeouts {
  /** How long the server may wait for its replicas. */
  readonly replicasMs: number;
  readonly answerMs: number;
}

/** The result of one batch. No error: all replicas in sync have it. Otherwise none of its records is there. */
export interface ProduceResult extends TopicPartition {
  readonly error: KafkaError | undefined;
  /** The server's own words, where it has any. */
  readonly reason: string | undefined;
}

export interface GroupMemberId {
  readonly group: string;
  /** Empty before the first join. */
  readonly memberId: string;
  /** `group.instance.id` of a static member (KIP-345). */
  readonly instance: string;
}

export interface GroupGeneration extends GroupMemberId {
  readonly generation: number;
}

export interface JoinRequest {
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  readonly topics: readonly string[];
  /** Names of the assignors that this member offers. */
  readonly assignors: readonly string[];
}

export interface JoinedGroup {
  readonly memberId: string;
  readonly generation: number;
  /** All members where this one is the group's leader; otherwise none. */
  readonly members: readonly Subscription[];
}

/** The topics that a member of the group wants. */
export interface Subscription {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/** Partitions by topic. */
export type Partitions = ReadonlyMap<string, readonly number[]>;

/** The partitions of each member. */
export type GroupAssignment = ReadonlyMap<string, Partitions>;
