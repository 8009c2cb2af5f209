import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Admin, type ITopicMetadata, Kafka as Client, logLevel } from 'kafkajs';
import { type Broker, type Recipe, startBroker } from './broker.ts';
import { everythingWith, writingTo } from './kafka-acl.ts';
import { type KafkaOptions, type KafkaPorts, serverProperties } from './kafka-properties.ts';
import { type Compression } from './kafka-java.ts';
import { batchCompressions } from './kafka-log.ts';
import { kafkaReady } from './kafka-probe.ts';
import { javaCommand } from './java-command.ts';
import { type Link, startLink } from './link.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);
const TOOL_MS = 60_000;
const TOPIC_MS = 10_000;
const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** A topic as a test wants it. Default: one partition. */
export interface TopicOptions {
  readonly partitions?: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** One Kafka node, controller and broker in one. */
export interface Kafka extends Broker {
  /** `host:port` of the plaintext listener, whose client may do everything. */
  readonly brokers: string[];
  /** `host:port` of the listeners that the options asked for. */
  readonly listeners: { readonly tls: string; readonly sasl: string; readonly saslTls: string };
  /** As many as `proxied` asked for: a client that is given a link's port keeps to that link. */
  readonly links: readonly Link[];
  /** Rejects where the topic exists. Resolves once its partitions have leaders. */
  createTopic(name: string, topic?: TopicOptions): Promise<void>;
  /** Several that are alike. */
  createTopics(names: readonly string[], topic?: TopicOptions): Promise<void>;
  /** How the server keeps each batch of a partition, in order. */
  compressions(topic: string, partition?: number): Compression[];
  /** Gives a user of SASL SCRAM another password, or adds one. About 2 s. */
  setScramPassword(user: string, password: string): Promise<void>;
  /** Takes a user's SCRAM passwords away: PLAIN, which is fixed at the start, goes on. About 2 s. */
  removeScramUser(user: string): Promise<void>;
  /** Lets a user do everything with a topic and with every consumer group. For a node with `acl`. */
  allow(user: string, topic: string): Promise<void>;
  /** Lets a user write to a topic and no more. For a node with `acl`. */
  allowToWrite(user: string, topic: string): Promise<void>;
  /** Runs `work` with a connected admin client. */
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>;
}

const hasLeaders = ({ partitions }: ITopicMetadata): boolean =>
  partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);

const address = (port: number | undefined): string => `127.0.0.1:${port ?? 0}`;

/** A Kafka node, ready when it counts itself among the brokers that serve. About 2.5 s, 210 MB. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const java = await javaCommand();
  const clusterId = randomBytes(16).toString('base64url');
  const links: Link[] = [];
  let ports: KafkaPorts | undefined;
  let dataFolder = '';

  const recipe: Recipe = {
    name: 'kafka',
    scheme: 'kafka',
    portCount: 5 + (options.proxied ?? 0),
    async prepare(folder, [plain = 0, controller = 0, tls = 0, sasl = 0, saslTls = 0, ...behindLinks]) {
      const properties = join(folder, 'server.properties');
      dataFolder = join(folder, 'data');
      if (ports?.plain !== plain) {
        // First start, or a second one on other ports.
        await Promise.all(links.splice(0).map((link) => link[Symbol.asyncDispose]()));
        for (const port of behindLinks) links.push(await startLink(port));
        const proxied = behindLinks.map((port, index) => ({ port, advertised: links[index]?.port ?? 0 }));
        ports = { plain, controller, tls, sasl, saslTls, proxied };
        writeFileSync(properties, serverProperties(options, folder, ports));
      }
      const { binary, args } = java(folder);
      if (!existsSync(join(dataFolder, 'meta.properties'))) {
        mkdirSync(dataFolder, { recursive: true });
        const scram = Object.entries(options.users ?? {}).flatMap(([name, password]) =>
          SCRAM.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]),
        );
        const format = [
          ...args,
          'kafka.tools.StorageTool',
          'format',
          `--cluster-id=${clusterId}`,
          '-c',
          properties,
          ...scram,
        ];
        await run(binary, format, { timeout: TOOL_MS });
      }
      return { binary, args: [...args, 'kafka.Kafka', properties] };
    },
    probe: ([plain]) => kafkaReady(plain ?? 0),
  };
  const broker = await startBroker(recipe).catch(async (error: unknown) => {
    await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
    throw error;
  });
  const client = new Client({ clientId: 'test', brokers: [address(broker.port)], logLevel: logLevel.NOTHING });
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
    const tool = [...args, 'kafka.admin.ConfigCommand', '--bootstrap-server', address(broker.port), '--alter'];
    await run(binary, [...tool, '--entity-type', 'users', '--entity-name', user, ...change], { timeout: TOOL_MS });
  };
  const createTopics = async (names: readonly string[], topic: TopicOptions = {}): Promise<void> => {
    const configEntries = Object.entries(topic.config ?? {}).map(([key, value]) => ({ name: key, value }));
    const numPartitions = topic.partitions ?? 1;
    const topics = names.map((name) => ({ topic: name, numPartitions, replicationFactor: 1, configEntries }));
    await admin(async (it) => {
      // The client itself would wait for leaders, and give up at once on a server that has not heard of the topic yet.
      const created = await it.createTopics({ topics, waitForLeaders: false });
      if (!created) throw new Error(`one of the topics ${names.join(', ')} exists already`);
      await waitFor(
        async () => (await it.fetchTopicMetadata({ topics: [...names] })).topics.every(hasLeaders),
        TOPIC_MS,
        `topics ${names.join(', ')} to have leaders`,
      );
    });
  };
  const dispose = broker[Symbol.asyncDispose].bind(broker);
  return Object.assign(broker, {
    brokers: [address(broker.port)],
    listeners: { tls: address(ports?.tls), sasl: address(ports?.sasl), saslTls: address(ports?.saslTls) },
    links,
    admin,
    compressions: (topic: string, partition = 0) => batchCompressions(dataFolder, topic, partition),
    async setScramPassword(user: string, password: string) {
      for (const mechanism of SCRAM) await alterUser(user, '--add-config', `${mechanism}=[password=${password}]`);
    },
    async removeScramUser(user: string) {
      for (const mechanism of SCRAM) await alterUser(user, '--delete-config', mechanism);
    },
    async allow(user: string, topic: string) {
      await admin((it) => it.createAcls({ acl: everythingWith(user, topic) }));
    },
    async allowToWrite(user: string, topic: string) {
      await admin((it) => it.createAcls({ acl: writingTo(user, topic) }));
    },
    createTopic: (name: string, topic: TopicOptions = {}) => createTopics([name], topic),
    createTopics,
    async [Symbol.asyncDispose]() {
      await dispose();
      await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
    },
  });
}
