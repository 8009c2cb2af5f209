import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Admin, ITopicMetadata } from 'kafkajs';
import { javaCommand } from './java-command.ts';
import { everythingWith, writingTo } from './kafka-acl.ts';
import { kafkaClient } from './kafka-client.ts';
import type { Compression } from './kafka-java.ts';
import { batchCompressions } from './kafka-log.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);
const TOOL_MS = 60_000;
const TOPIC_MS = 10_000;
/** Of both a user is known. */
export const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

type Scram = (typeof SCRAM)[number];

/** A topic as a test wants it. Default: one partition. */
export interface TopicOptions {
  readonly partitions?: number;
  /** Default: as many as there are nodes. */
  readonly replicas?: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** What a test asks of a node, or of all of a cluster, over the plaintext listener, whose client may do everything. */
export interface KafkaDoor {
  /** `host:port` of the plaintext listener of each node. */
  readonly brokers: string[];
  /** Rejects where the topic exists. Resolves once its partitions can be written to. */
  createTopic(name: string, topic?: TopicOptions): Promise<void>;
  /** Several that are alike. */
  createTopics(names: readonly string[], topic?: TopicOptions): Promise<void>;
  /** How the server keeps each batch of a partition, in order. */
  compressions(topic: string, partition?: number): Compression[];
  /** Gives a user of SASL SCRAM another password, or adds one. About 2 s for each mechanism, by default both. */
  setScramPassword(user: string, password: string, mechanisms?: readonly Scram[]): Promise<void>;
  /** Takes a user's SCRAM passwords away: PLAIN, which is fixed at the start, goes on. As slow. */
  removeScramUser(user: string, mechanisms?: readonly Scram[]): Promise<void>;
  /** Lets a user do everything with a topic and with every consumer group. For a node with `acl`. */
  allow(user: string, topic: string): Promise<void>;
  /** Lets a user write to a topic and no more. For a node with `acl`. */
  allowToWrite(user: string, topic: string): Promise<void>;
  /** Runs `work` with a connected admin client. */
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>;
}

const hasLeaders = ({ partitions }: ITopicMetadata): boolean =>
  partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);

/** The door of the nodes whose plaintext listeners have these ports. `dataFolder`: of the first. */
export async function kafkaDoor(ports: readonly number[], dataFolder: string): Promise<KafkaDoor> {
  const java = await javaCommand();
  const brokers = ports.map((port) => `127.0.0.1:${port}`);
  const client = kafkaClient({ clientId: 'test', brokers });
  const admin = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    const connected = client.admin();
    await connected.connect();
    try {
      return await work(connected);
    } finally {
      await connected.disconnect();
    }
  };
  // One mechanism a call: the server refuses a user who is changed twice in a request.
  const alterUser = async (user: string, ...change: readonly string[]): Promise<void> => {
    using folder = temporaryFolder('kafka-tool');
    const { binary, args } = java(folder.path);
    const tool = [...args, 'kafka.admin.ConfigCommand', '--bootstrap-server', brokers.join(), '--alter'];
    await run(binary, [...tool, '--entity-type', 'users', '--entity-name', user, ...change], { timeout: TOOL_MS });
  };
  const createTopics = async (names: readonly string[], topic: TopicOptions = {}): Promise<void> => {
    const configEntries = Object.entries(topic.config ?? {}).map(([key, value]) => ({ name: key, value }));
    const numPartitions = topic.partitions ?? 1;
    const replicationFactor = topic.replicas ?? ports.length;
    const topics = names.map((name) => ({ topic: name, numPartitions, replicationFactor, configEntries }));
    await admin(async (it) => {
      // The client itself would wait for leaders, and give up at once on a server that has not heard of the topic yet.
      const created = await it.createTopics({ topics, waitForLeaders: false });
      if (!created) throw new Error(`one of the topics ${names.join(', ')} exists already`);
      await waitFor(
        async () => (await it.fetchTopicMetadata({ topics: [...names] })).topics.every(hasLeaders),
        TOPIC_MS,
        `topics ${names.join(', ')} to have leaders`,
      );
      // A busy server names the leader of a partition some moments before it is one; only the leader knows offsets.
      const led = async (name: string): Promise<boolean> => (await it.fetchTopicOffsets(name)).length > 0;
      await Promise.all(names.map((name) => waitFor(() => led(name), TOPIC_MS, `topic ${name} to be led`)));
    });
  };
  return {
    brokers,
    admin,
    createTopics,
    createTopic: (name, topic = {}) => createTopics([name], topic),
    compressions: (topic, partition = 0) => batchCompressions(dataFolder, topic, partition),
    async setScramPassword(user, password, mechanisms = SCRAM) {
      for (const mechanism of mechanisms) await alterUser(user, '--add-config', `${mechanism}=[password=${password}]`);
    },
    async removeScramUser(user, mechanisms = SCRAM) {
      for (const mechanism of mechanisms) await alterUser(user, '--delete-config', mechanism);
    },
    async allow(user, topic) {
      await admin((it) => it.createAcls({ acl: everythingWith(user, topic) }));
    },
    async allowToWrite(user, topic) {
      await admin((it) => it.createAcls({ acl: writingTo(user, topic) }));
    },
  };
}
