import type { Broker } from 'kafkajs/src/cluster/index.js';
import type { KafkaError } from '../kafka-error.ts';
import type { KafkaConnection } from '../options.ts';
import { type KafkaCluster, makeCluster } from './cluster.ts';
import { errorIn, kafkaErrorOf, translated } from './failure.ts';
import { type SeenGroup, seenGroup, type SeenTopic, seenTopics } from './inspect-requests.ts';

const TOPIC = 2;
const SERVER = 4;
const FETCH = 1;
/** The group has another coordinator, or the cluster has none yet. */
const ELSEWHERE = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE']);
/** Of a large cluster not every server is asked. */
const MOST_SERVERS = 30;

export type { SeenGroup, SeenTopic } from './inspect-requests.ts';

export interface SeenServer {
  readonly nodeId: number;
  /** As the cluster announces it. */
  readonly address: string;
  /** Why it cannot be reached; undefined: it can. */
  readonly failure: string | undefined;
}

/** Requests that change nothing: none creates a topic or a group, and no coordinator is looked for, which may create a topic. */
export interface ClusterInspection {
  readonly servers: readonly SeenServer[];
  /** The highest version of Fetch that the server speaks: it grows with the version of Kafka. */
  readonly fetchVersion: number;
  topics(names: readonly string[] | undefined): Promise<readonly SeenTopic[]>;
  /** Undefined: no server that can be reached coordinates it. */
  group(name: string): Promise<SeenGroup | undefined>;
  /** Settings by name; undefined where this user may not see them. */
  topicConfig(topic: string, names: readonly string[]): Promise<ReadonlyMap<string, string> | undefined>;
  serverConfig(names: readonly string[]): Promise<ReadonlyMap<string, string> | undefined>;
  close(): void;
}

/** Rejects with KafkaError where no server lets it in. `signal` ends all connections. */
export async function inspectCluster(connection: KafkaConnection, signal: AbortSignal): Promise<ClusterInspection> {
  const cluster = makeCluster(() => connection);
  signal.addEventListener('abort', () => cluster.close(), { once: true });
  try {
    await translated(cluster.client.connect());
    await translated(cluster.client.brokerPool.refreshMetadata([]));
    return await inspected(cluster);
  } catch (thrown) {
    cluster.close();
    throw thrown;
  }
}

async function inspected(cluster: KafkaCluster): Promise<ClusterInspection> {
  const { brokerPool } = cluster.client;
  const known = brokerPool.metadata?.brokers ?? [];
  const reached: { nodeId: number; broker: Broker }[] = [];
  const servers = await Promise.all(
    known.slice(0, MOST_SERVERS).map(async ({ nodeId, host, port }) => {
      const seen = { nodeId, address: `${host}:${port}` };
      try {
        reached.push({ nodeId, broker: await translated(brokerPool.findBroker({ nodeId })) });
        return { ...seen, failure: undefined };
      } catch (thrown) {
        return { ...seen, failure: kafkaErrorOf(thrown).message };
      }
    }),
  );
  const [first] = reached;
  if (first === undefined) throw unreachable(servers);
  const ask = async (type: number, name: string, configNames: readonly string[]) => {
    try {
      const answer = await translated(first.broker.describeConfigs({ resources: [{ type, name, configNames }] }));
      const entries = answer.resources[0]?.configEntries ?? [];
      return new Map(
        entries.flatMap(({ configName, configValue }) =>
          configValue === null ? [] : [[configName, configValue] as const],
        ),
      );
    } catch (thrown) {
      // Denied, or no such topic.
      if (kafkaErrorOf(thrown).type !== undefined) return undefined;
      throw thrown;
    }
  };
  return {
    servers,
    fetchVersion: first.broker.versions?.[FETCH]?.maxVersion ?? 0,
    topics: (names) => (names?.length === 0 ? Promise.resolve([]) : translated(seenTopics(first.broker, names))),
    async group(name) {
      for (const { broker } of reached) {
        const group = await translated(seenGroup(broker, name));
        if (group !== undefined && !ELSEWHERE.has(errorIn(group.errorCode)?.type ?? '')) return group;
      }
      return undefined;
    },
    topicConfig: (topic, names) => ask(TOPIC, topic, names),
    serverConfig: (names) => ask(SERVER, String(first.nodeId), names),
    close: () => cluster.close(),
  };
}

function unreachable(servers: readonly SeenServer[]): KafkaError {
  const all = servers.map(({ address, failure }) => `${address} (${failure ?? ''})`).join(', ');
  return kafkaErrorOf(new Error(`none of the servers that the cluster announces can be reached: ${all}`));
}

/** The name that Kafka gives to an error code. */
export function errorName(errorCode: number): string | undefined {
  return errorIn(errorCode)?.type;
}
