import type { PartitionMetadata as KafkaJsPartition } from 'kafkajs/src/cluster/index.js';
import { withDeadline } from '#kit/deadline.ts';
import type { Metadata, PartitionMetadata, TopicMetadata } from '../kafka-client.ts';
import { KafkaError } from '../kafka-error.ts';
import { allTopics, type KafkaCluster } from './cluster.ts';
import { errorOfCode, kafkaErrorOf, translated } from './failure.ts';

/** Each of its steps has a bound of its own. */
const LOOKUP_MS = 25_000;
const FETCH = 1;
const PRODUCE = 0;
/** Requests that are encoded and decoded in this folder. */
const NEEDED_VERSIONS = [
  [PRODUCE, 8],
  [FETCH, 11],
] as const;

/** Lookups of servers and topics. They run one after the other: kafkajs keeps the answer of the last one only. */
export class MetadataLookup implements Pick<Metadata, 'refresh' | 'partitions' | 'topics'> {
  readonly #cluster: KafkaCluster;
  readonly #renewed: (reason: string) => void;
  #lookup: Promise<unknown> = Promise.resolve();

  /** Calls `renewed` with the reason when it ends the connections. */
  constructor(cluster: KafkaCluster, renewed: (reason: string) => void) {
    this.#cluster = cluster;
    this.#renewed = renewed;
  }

  refresh(): Promise<void> {
    return this.#inLine(() => this.#refresh([]));
  }

  partitions(topic: string): Promise<readonly PartitionMetadata[]> {
    return this.#inLine(async () => {
      await this.#refresh([topic]);
      const found = this.#pool.metadata?.topicMetadata.find((one) => one.topic === topic);
      if (found === undefined)
        throw new KafkaError('BUS_UNREACHABLE', `topic ${topic}: the answer of the server lacks it`);
      const { topicErrorCode, partitionMetadata } = found;
      if (topicErrorCode !== 0) throw errorOfCode(topicErrorCode, `topic ${topic}`);
      return partitionsOf(partitionMetadata).toSorted((a, b) => a.partition - b.partition);
    });
  }

  topics(): Promise<readonly TopicMetadata[]> {
    return this.#inLine(async () => {
      await this.#refresh([]);
      const { topicMetadata } = await allTopics(await this.#pool.findConnectedBroker());
      return topicMetadata.map(({ topic, partitionMetadata }) => ({
        topic,
        partitions: partitionsOf(partitionMetadata),
      }));
    });
  }

  get #pool(): KafkaCluster['client']['brokerPool'] {
    return this.#cluster.client.brokerPool;
  }

  #inLine<T>(look: () => Promise<T>): Promise<T> {
    // A lookup without an end would hold up all later ones for good.
    const bounded = (): Promise<T> =>
      withDeadline(translated(look()), LOOKUP_MS, () => {
        this.#cluster.sever();
        this.#renewed(`no lookup has ended within ${LOOKUP_MS} ms`);
        return new KafkaError('BUS_UNREACHABLE', 'the cluster does not answer');
      });
    const looking = this.#lookup.then(bounded, bounded);
    this.#lookup = looking;
    return looking;
  }

  async #refresh(topics: readonly string[]): Promise<void> {
    if (this.#cluster.isClosed) throw new KafkaError('BUS_UNREACHABLE', 'closed');
    try {
      await this.#cluster.client.connect();
      await this.#pool.refreshMetadata(topics);
    } catch (thrown) {
      const error = kafkaErrorOf(thrown);
      // A connection whose authentication failed half way answers every later request with that error.
      if (error.code === 'BUS_AUTH') this.#cluster.sever();
      throw error;
    }
    this.#checkVersions();
  }

  #checkVersions(): void {
    const versions = this.#pool.seedBroker?.versions;
    if (versions === undefined || versions === null) return;
    for (const [key, version] of NEEDED_VERSIONS) {
      const range = versions[key];
      if (range === undefined || range.minVersion > version || range.maxVersion < version) {
        throw new KafkaError('BUS_PROTOCOL', 'the server must be Kafka 2.4 or later');
      }
    }
  }
}

function partitionsOf(metadata: readonly KafkaJsPartition[]): PartitionMetadata[] {
  return metadata.map(({ partitionId, leader }) => ({ partition: partitionId, leader }));
}
