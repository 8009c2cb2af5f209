import type { Broker, Metadata, PartitionMetadata } from 'kafkajs/src/cluster/index.js';
import errors from 'kafkajs/src/protocol/error.js';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import { connectionReader } from '#contract/connection-reader.ts';
import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import { allTopics, giveUp, type KafkaCluster, makeCluster } from './client/cluster.ts';
import { failureOf } from './client/failure.ts';
import type { KafkaConnection } from './options.ts';
import { topicIds } from './client/topic-ids.ts';

const CREATE_MS = 10_000;
/** Each of its steps has a bound of its own. */
const LOOKUP_MS = 25_000;
const FETCH = 1;
const PRODUCE = 0;
/** What is written and read here in the bridge's own code. */
const NEEDED_VERSIONS = [
  [PRODUCE, 8],
  [FETCH, 11],
] as const;

/** One end's own client of the cluster, and its way to talk to the runtime. */
export class Link {
  readonly context: BusContext;
  readonly #cluster: KafkaCluster;
  readonly #brokers: string;
  readonly #canCreate: boolean;
  readonly #ended = new AbortController();
  #isUp = false;
  /** Lookups stand in line: the client remembers the last one alone. */
  #lookup: Promise<unknown> = Promise.resolve();

  constructor(context: BusContext, options: EndOptions<KafkaConnection, unknown>) {
    const { connection } = options;
    this.context = context;
    this.#cluster = makeCluster(connectionReader(options));
    this.#brokers = connection.brokers.join(',');
    this.#canCreate = connection.create;
    this.#cluster.onRenewed((reason) => this.#sayRenewed(reason));
  }

  /** Aborts when the link is closed. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get closed(): boolean {
    return this.#ended.signal.aborted;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  error(code: ErrorCode, text: string, cause?: unknown): SluiceError {
    const { connection: bus } = this.context;
    return new SluiceError(code, `${bus} (${this.#brokers}): ${text}`, { place: { bus }, cause });
  }

  /** As an error that says where; what already is one stays. */
  errorOf(thrown: unknown, about = ''): SluiceError {
    if (thrown instanceof SluiceError) return thrown;
    const { code, text } = failureOf(thrown);
    return this.error(code, about === '' ? text : `${about}: ${text}`, thrown);
  }

  reportProblem(error: SluiceError): void {
    if (!this.closed) this.context.report({ kind: 'problem', error });
  }

  connected(detail: string): void {
    if (this.#isUp || this.closed) return;
    this.#isUp = true;
    this.context.report({ kind: 'connected', detail: `${this.#brokers}, ${detail}` });
  }

  disconnected(detail: string): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.context.report({ kind: 'disconnected', detail: `${this.#brokers}: ${detail}` });
  }

  /** Called when a connection that stood has ended. */
  onLost(listener: (address: string) => void): void {
    this.#cluster.onLost((address) => {
      if (!this.closed) listener(address);
    });
  }

  /** The server with that id, connected. Whoever leads or keeps something may be another one when this fails. */
  async broker(nodeId: number): Promise<Broker> {
    const { brokerPool } = this.#cluster.client;
    if (brokerPool.brokers[nodeId] === undefined) await this.ping();
    return brokerPool.findBroker({ nodeId });
  }

  /** The number of the server that keeps the group. */
  async coordinatorId(group: string): Promise<number> {
    // The client's own way asks one server after the other and keeps to itself what they say.
    const asked = await this.#cluster.client.brokerPool.findConnectedBroker();
    const { coordinator } = await asked.findGroupCoordinator({ groupId: group, coordinatorType: 0 });
    return coordinator.nodeId;
  }

  /** The server that keeps the group, connected. */
  async coordinator(group: string): Promise<Broker> {
    return this.broker(await this.coordinatorId(group));
  }

  /** Ends the connections to a server that owes an answer, because another one is to be asked by now. */
  giveUp(nodeId: number, reason: string): void {
    const broker = this.#cluster.client.brokerPool.brokers[nodeId];
    if (broker === undefined || !broker.isConnected()) return;
    giveUp(broker, reason);
    this.#sayRenewed(reason);
  }

  /** Asks the cluster for the topic's partitions, in order. Rejects with BUS_MISSING where there is no such topic. */
  partitions(topic: string): Promise<readonly PartitionMetadata[]> {
    return this.#inLine(() => this.#look(topic));
  }

  /** Asks the cluster for every topic that it shows us. */
  topics(): Promise<Metadata['topicMetadata']> {
    return this.#inLine(async () => {
      await this.#refresh([]);
      return (await allTopics(await this.#cluster.client.brokerPool.findConnectedBroker())).topicMetadata;
    });
  }

  /** Asks for what tells a topic from one of the same name that was made later. */
  async topicIds(topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return topicIds(await this.#cluster.client.brokerPool.findConnectedBroker(), topics);
  }

  /** Asks the cluster for its servers. */
  ping(): Promise<void> {
    return this.#inLine(() => this.#refresh([]));
  }

  /** The same, and with `create` a topic that is missing is made. */
  async insistOnTopic(topic: string): Promise<readonly PartitionMetadata[]> {
    try {
      return await this.partitions(topic);
    } catch (thrown) {
      if (!this.#canCreate || !(thrown instanceof SluiceError) || thrown.code !== 'BUS_MISSING') throw thrown;
    }
    await this.#create(topic);
    return this.partitions(topic);
  }

  /** Ends every connection: what was asked fails, and what is still said is not heard. */
  sever(): void {
    this.#cluster.sever();
  }

  /** The same, because an answer is overdue. */
  renew(reason: string): void {
    this.#cluster.sever();
    this.#sayRenewed(reason);
  }

  /** Lets everything go at once; nothing is reported any more. */
  close(): void {
    this.#ended.abort();
    this.#isUp = false;
    this.#cluster.close();
  }

  #sayRenewed(reason: string): void {
    if (!this.closed) this.context.report({ kind: 'renewed', detail: `${this.#brokers}: ${reason}` });
  }

  #inLine<T>(look: () => Promise<T>): Promise<T> {
    // One that hung would hold up every other one for good.
    const bounded = (): Promise<T> =>
      withDeadline(look(), LOOKUP_MS, () => {
        this.renew(`no lookup has ended within ${LOOKUP_MS} ms`);
        return this.error('BUS_UNREACHABLE', 'the cluster does not answer');
      });
    const looking = this.#lookup.then(bounded, bounded);
    this.#lookup = looking;
    return looking;
  }

  async #refresh(topics: readonly string[]): Promise<void> {
    if (this.closed) throw this.error('BUS_UNREACHABLE', 'closed');
    const { client } = this.#cluster;
    try {
      await client.connect();
      await client.brokerPool.refreshMetadata(topics);
    } catch (thrown) {
      const error = this.errorOf(thrown);
      // A connection whose authentication failed half way only says so from then on.
      if (error.code === 'BUS_AUTH') this.sever();
      throw error;
    }
    this.#checkVersions();
  }

  async #look(topic: string): Promise<readonly PartitionMetadata[]> {
    const { client } = this.#cluster;
    await this.#refresh([topic]);
    const found = client.brokerPool.metadata?.topicMetadata.find((one) => one.topic === topic);
    if (found === undefined) throw this.error('BUS_UNREACHABLE', `topic ${topic}: the server does not tell of it`);
    if (found.topicErrorCode !== 0)
      throw this.errorOf(errors.createErrorFromCode(found.topicErrorCode), `topic ${topic}`);
    return [...found.partitionMetadata].toSorted((a, b) => a.partitionId - b.partitionId);
  }

  #checkVersions(): void {
    const { brokerPool } = this.#cluster.client;
    const versions = brokerPool.seedBroker?.versions;
    if (versions === undefined || versions === null) return;
    for (const [key, version] of NEEDED_VERSIONS) {
      const range = versions[key];
      if (range === undefined || range.minVersion > version || range.maxVersion < version) {
        throw this.error('BUS_PROTOCOL', 'the server must be Kafka 2.4 or later');
      }
    }
  }

  async #create(topic: string): Promise<void> {
    try {
      const { client } = this.#cluster;
      const controller = await this.broker(client.brokerPool.metadata?.controllerId ?? -1);
      // -1: as the server has it by default.
      await controller.createTopics({
        topics: [{ topic, numPartitions: -1, replicationFactor: -1 }],
        timeout: CREATE_MS,
      });
    } catch (thrown) {
      const failure = failureOf(thrown);
      if (failure.type !== 'TOPIC_ALREADY_EXISTS') throw this.errorOf(thrown, `topic ${topic} cannot be made`);
    }
  }
}
