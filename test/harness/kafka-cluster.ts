import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, type Recipe, startBroker } from './broker.ts';
import { freePorts } from './free-ports.ts';
import { javaCommand } from './java-command.ts';
import { type KafkaDoor, kafkaDoor } from './kafka-door.ts';
import { kafkaNode } from './kafka-node.ts';
import { kafkaReady } from '../../runtime/infra/kafka-probe.ts';
import { serverProperties } from './kafka-properties.ts';

const OFFSETS_PARTITIONS = 4;
const REPLICATED = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': String(OFFSETS_PARTITIONS),
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'share.coordinator.state.topic.replication.factor': '3',
  'share.coordinator.state.topic.min.isr': '2',
} as const;

/** Several Kafka nodes, each controller and broker in one. Numbers of nodes begin at 1. */
export interface KafkaCluster extends KafkaDoor, AsyncDisposable {
  /** By number. */
  readonly nodes: ReadonlyMap<number, Broker>;
  node(id: number): Broker;
  /** Who leads that partition now; undefined when nobody does, or nobody can be asked. */
  leaderOf(topic: string, partition: number): Promise<number | undefined>;
  /** Who keeps that group now. */
  coordinatorOf(group: string): Promise<number | undefined>;
  /** Who was the active controller last, as the logs say. */
  controller(): number;
  /** Whether all replicas of all partitions of these topics, and of the groups' own topic, are in sync. */
  inSync(topics: readonly string[]): Promise<boolean>;
}

/** Three nodes with replication factor 3 and min.insync.replicas 2. About 8 s on two cores, 210 MB each. */
export async function startKafkaCluster(config: Readonly<Record<string, string>> = {}): Promise<KafkaCluster> {
  const java = await javaCommand();
  const clusterId = randomBytes(16).toString('base64url');
  const ids: readonly number[] = [1, 2, 3];
  const all = await freePorts(2 * ids.length);
  const portsOf = (id: number): readonly [number, number] => [all[2 * id - 2] ?? 0, all[2 * id - 1] ?? 0];
  const controllers = new Map(ids.map((id) => [id, portsOf(id)[1]]));
  const recipe = (id: number): Recipe => {
    const [plain, controller] = portsOf(id);
    return {
      name: `kafka-${id}`,
      scheme: 'kafka',
      portCount: 2,
      ports: [plain, controller],
      async prepare(folder) {
        const properties = join(folder, 'server.properties');
        const ports = { plain, controller, tls: 0, sasl: 0, saslTls: 0, proxied: [] };
        const options = { config: { ...REPLICATED, ...config } };
        writeFileSync(properties, serverProperties(options, folder, ports, { id, controllers }));
        const dataFolder = join(folder, 'data');
        return kafkaNode({ java, folder, properties, dataFolder, clusterId, users: {} });
      },
      probe: () => kafkaReady(plain),
    };
  };
  await using starting = new AsyncDisposableStack();
  // Together: until two of them run none is ready.
  const started = await Promise.allSettled(
    ids.map(async (id) => [id, starting.use(await startBroker(recipe(id)))] as const),
  );
  for (const one of started) if (one.status === 'rejected') throw one.reason;
  const nodes = new Map(started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
  const door = await kafkaDoor(
    ids.map((id) => portsOf(id)[0]),
    '',
  );
  const kept = starting.move();
  const node = (id: number): Broker => {
    const found = nodes.get(id);
    if (found === undefined) throw new Error(`there is no node ${id}`);
    return found;
  };
  const leaderOf: KafkaCluster['leaderOf'] = async (topic, partition) => {
    const { topics } = await door.admin((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    const found = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition);
    return found === undefined || found.leader < 0 ? undefined : found.leader;
  };
  return {
    ...door,
    nodes,
    node,
    leaderOf,
    coordinatorOf: (group) => leaderOf('__consumer_offsets', Math.abs(hashOf(group)) % OFFSETS_PARTITIONS),
    controller: () => lastController(nodes),
    async inSync(topics) {
      const { topics: found } = await door.admin((admin) =>
        admin.fetchTopicMetadata({ topics: [...topics, '__consumer_offsets'] }),
      );
      return found.every(({ partitions }) =>
        partitions.every(({ isr, replicas, leader }) => leader >= 0 && isr.length === replicas.length),
      );
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Java's `String.hashCode`, by which Kafka spreads groups. */
function hashOf(text: string): number {
  let hash = 0;
  for (const letter of text) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
  return hash;
}

function lastController(nodes: ReadonlyMap<number, Broker>): number {
  let last = { id: 1, epoch: -1 };
  for (const node of nodes.values()) {
    for (const [, epoch, id] of node.log().matchAll(/In the new epoch (\d+), the leader is (\d+)/g)) {
      if (Number(epoch) > last.epoch) last = { id: Number(id), epoch: Number(epoch) };
    }
  }
  return last.id;
}
