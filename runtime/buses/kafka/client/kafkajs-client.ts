import type { Broker, ProtocolRequest } from 'kafkajs/src/cluster/index.js';
import type {
  CommittedOffset,
  FetchLimits,
  FetchPosition,
  Fetched,
  GroupAssignment,
  GroupGeneration,
  GroupMemberId,
  JoinedGroup,
  JoinRequest,
  KafkaClient,
  PartitionMetadata,
  PartitionOffset,
  Partitions,
  ProduceBatch,
  ProduceResult,
  ProduceTimeouts,
  TopicMetadata,
  TopicPartition,
} from '../kafka-client.ts';
import { KafkaError } from '../kafka-error.ts';
import { disconnectBroker, type KafkaCluster } from './cluster.ts';
import { errorIn, errorOfCode, translated } from './failure.ts';
import { fetch } from './fetch.ts';
import { joinGroup, leaveGroup, sendHeartbeat, syncGroup } from './group-requests.ts';
import { MetadataLookup } from './metadata-lookup.ts';
import { produce } from './produce.ts';
import { topicIds } from './topic-ids.ts';

const CREATE_MS = 10_000;
const CONSUMER = -1;
const READ_COMMITTED = 1;
const TOPIC_RESOURCE = 2;
/** KafkaClient on the parts of kafkajs that lie below its public door. */
export class KafkaJsClient implements KafkaClient {
  readonly #cluster: KafkaCluster;
  #renewed: (reason: string) => void = () => {};
  readonly #metadata: MetadataLookup;

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster;
    this.#metadata = new MetadataLookup(cluster, (reason) => this.#renewed(reason));
    cluster.onRenewed((reason) => this.#renewed(reason));
  }

  onLost(listener: (address: string) => void): void {
    this.#cluster.onLost(listener);
  }

  onRenewed(listener: (reason: string) => void): void {
    this.#renewed = listener;
  }

  async connect(nodeId: number): Promise<void> {
    if (this.#brokers[nodeId] === undefined) await this.refresh();
    await translated(this.#pool.findBroker({ nodeId }));
  }

  isConnected(nodeId: number): boolean {
    return this.#brokers[nodeId]?.isConnected() === true;
  }

  disconnect(nodeId: number, reason: string): void {
    const broker = this.#brokers[nodeId];
    if (broker === undefined || !broker.isConnected()) return;
    disconnectBroker(broker, reason);
    this.#renewed(reason);
  }

  sever(): void {
    this.#cluster.sever();
  }

  close(): void {
    this.#cluster.close();
  }

  refresh(): Promise<void> {
    return this.#metadata.refresh();
  }

  partitions(topic: string): Promise<readonly PartitionMetadata[]> {
    return this.#metadata.partitions(topic);
  }

  topics(): Promise<readonly TopicMetadata[]> {
    return this.#metadata.topics();
  }

  topicIds(topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return translated(this.#pool.findConnectedBroker().then((broker) => topicIds(broker, topics)));
  }

  topicConfig(nodeId: number, topic: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#ask(nodeId, async (broker) => {
      const resources = [{ type: TOPIC_RESOURCE, name: topic, configNames: names }];
      const answer = await broker.describeConfigs({ resources });
      const entries = answer.resources[0]?.configEntries ?? [];
      return new Map(
        entries.flatMap(({ configName, configValue }) => (configValue === null ? [] : [[configName, configValue]])),
      );
    });
  }

  async createTopic(topic: string): Promise<void> {
    const controllerId = this.#pool.metadata?.controllerId ?? -1;
    await this.connect(controllerId);
    // -1: as the server has it by default.
    const topics = [{ topic, numPartitions: -1, replicationFactor: -1 }];
    await this.#ask(controllerId, (controller) => controller.createTopics({ topics, timeout: CREATE_MS }));
  }

  async fetch(nodeId: number, wanted: readonly FetchPosition[], limits: FetchLimits): Promise<readonly Fetched[]> {
    const { errorCode, fetched } = await this.#send(nodeId, fetch(wanted, limits));
    if (errorCode !== 0) throw errorOfCode(errorCode);
    return fetched;
  }

  async produce(
    nodeId: number,
    batches: readonly ProduceBatch[],
    timeouts: ProduceTimeouts,
  ): Promise<readonly ProduceResult[]> {
    return (await this.#send(nodeId, produce(batches, timeouts))).results;
  }

  listOffsets(nodeId: number, places: readonly TopicPartition[], timeMs: number): Promise<readonly PartitionOffset[]> {
    const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, timestamp: timeMs })),
    }));
    return this.#ask(nodeId, async (broker) =>
      offsetsOf(await broker.listOffsets({ replicaId: CONSUMER, isolationLevel: READ_COMMITTED, topics })),
    );
  }

  async coordinator(group: string): Promise<number> {
    // kafkajs's own search asks one server after the other and keeps their errors to itself.
    const request = { groupId: group, coordinatorType: 0 };
    const { coordinator } = await translated(
      this.#pool.findConnectedBroker().then((broker) => broker.findGroupCoordinator(request)),
    );
    return coordinator.nodeId;
  }

  joinGroup(nodeId: number, member: GroupMemberId, request: JoinRequest, answerMs: number): Promise<JoinedGroup> {
    return translated(joinGroup(this.#sender(nodeId, answerMs), member, request));
  }

  syncGroup(nodeId: number, member: GroupGeneration, all: GroupAssignment, answerMs: number): Promise<Partitions> {
    return translated(syncGroup(this.#sender(nodeId, answerMs), member, all));
  }

  heartbeat(nodeId: number, member: GroupGeneration, answerMs: number): Promise<void> {
    return translated(sendHeartbeat(this.#sender(nodeId, answerMs), member));
  }

  leaveGroup(nodeId: number, member: GroupMemberId, answerMs: number): Promise<void> {
    return translated(leaveGroup(this.#sender(nodeId, answerMs), member));
  }

  committedOffsets(nodeId: number, group: string, partitions: Partitions): Promise<readonly CommittedOffset[]> {
    const topics = [...partitions].map(([topic, numbers]) => ({
      topic,
      partitions: numbers.map((partition) => ({ partition })),
    }));
    return this.#ask(nodeId, async (broker) => {
      const { responses } = await broker.offsetFetch({ groupId: group, topics });
      return responses.flatMap(({ topic, partitions: committed }) =>
        committed.map(({ partition, offset, metadata }) => ({
          topic,
          partition,
          offset: Number(offset),
          metadata: metadata ?? '',
        })),
      );
    });
  }

  async commitOffsets(nodeId: number, member: GroupGeneration, offsets: readonly CommittedOffset[]): Promise<void> {
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, places]) => ({
      topic,
      partitions: places.map(({ partition, offset, metadata }) => ({ partition, offset: String(offset), metadata })),
    }));
    const { group: groupId, generation: groupGenerationId, memberId } = member;
    await this.#ask(nodeId, (broker) => broker.offsetCommit({ groupId, groupGenerationId, memberId, topics }));
  }

  async deleteGroup(nodeId: number, group: string): Promise<void> {
    const { results } = await this.#ask(nodeId, (broker) => broker.deleteGroups([group]));
    const error = errorIn(results[0]?.errorCode ?? 0);
    if (error !== undefined) throw error;
  }

  get #pool(): KafkaCluster['client']['brokerPool'] {
    return this.#cluster.client.brokerPool;
  }

  get #brokers(): Readonly<Record<string, Broker>> {
    return this.#pool.brokers;
  }

  async #ask<Answer>(nodeId: number, ask: (broker: Broker) => Promise<Answer>): Promise<Answer> {
    const broker = this.#brokers[nodeId];
    // A connection that kafkajs would make for the request skips the login.
    if (broker?.isConnected() !== true) throw new KafkaError('BUS_UNREACHABLE', `server ${nodeId} is not connected`);
    return translated(ask(broker));
  }

  #send<Answer>(nodeId: number, request: ProtocolRequest<Answer>): Promise<Answer> {
    return this.#ask(nodeId, ({ connectionPool }) => connectionPool.send(request));
  }

  #sender(nodeId: number, answerMs: number): <Answer>(request: ProtocolRequest<Answer>) => Promise<Answer> {
    return (request) => this.#send(nodeId, { ...request, requestTimeout: answerMs, logResponseError: false });
  }
}

function offsetsOf({ responses }: Awaited<ReturnType<Broker['listOffsets']>>): readonly PartitionOffset[] {
  return responses.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
  );
}
