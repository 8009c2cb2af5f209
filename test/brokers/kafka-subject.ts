// Its module is CommonJS, and Node finds only a few of its names.
import kafkajs from 'kafkajs';
import type { EndOptions } from '#contract/bus.ts';
import { kafka } from '../../runtime/buses/kafka/index.ts';
import type { KafkaConnection, KafkaFrom, KafkaTo } from '../../runtime/buses/kafka/options.ts';
import type { Kafka } from '../harness/kafka.ts';
import { startKafka } from '../harness/kafka.ts';
import type { Link } from '../harness/link.ts';
import type { Subject } from '../conformance/conformance.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { type Fixture, type Path, SEND_TIMEOUT, withDefaults } from '../conformance/fixture.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const USER = 'bridge';
const PASSWORD = 'through';
const NEW_PASSWORD = 'renewed';
const MECHANISMS = ['SCRAM-SHA-256'] as const;
/** What the tests read and write, and an own topic for each key of the traffic. */
const NAMES = ['a', 'n0', 'n1', 'n2', ...Array.from({ length: 8 }, (_, at) => `k${at}`)];
/** The default of max.message.bytes. */
const MAX_MESSAGE_BYTES = 1_048_588;
const TWO_HOURS_MS = 7_200_000;

/** The links' listeners want to know who comes: only so an identity can be denied and revoked behind a link. */
const SETTINGS = {
  // A killed one is taken back when its old registration has ended.
  'broker.session.timeout.ms': '1500',
  'listener.security.protocol.map':
    'PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,PROXIED1:SASL_PLAINTEXT,PROXIED2:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
  ...Object.fromEntries(
    ['proxied1', 'proxied2'].flatMap((listener) => [
      [`listener.name.${listener}.sasl.enabled.mechanisms`, 'SCRAM-SHA-256'],
      [
        `listener.name.${listener}.scram-sha-256.sasl.jaas.config`,
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      ],
    ]),
  ),
};

const fromFor = (prefix: string): KafkaFrom =>
  withDefaults<Partial<KafkaFrom>>(kafka.sourceSchema, {
    topics: NAMES.map((name) => prefix + name),
    group: `${prefix}group`,
    sessionTimeout: '6s',
  }) as KafkaFrom;

const toFor = (prefix: string): KafkaTo =>
  withDefaults<Partial<KafkaTo>>(kafka.sinkSchema, { topic: `${prefix}{key}`, timeout: SEND_TIMEOUT }) as KafkaTo;

function connectionTo(broker: string, password = PASSWORD): KafkaConnection {
  const sasl = { mechanism: 'scram-sha-256', username: USER, password } as const;
  return withDefaults<Partial<KafkaConnection>>(kafka.connectionSchema, { brokers: [broker], sasl }) as KafkaConnection;
}

const ANY = connectionTo('127.0.0.1:1');
const PROMISES = {
  source: kafka.sourceGuarantees({ connection: ANY, end: fromFor('test.') }),
  sink: kafka.sinkGuarantees({ connection: ANY, end: toFor('test.') }),
};

async function startNode(): Promise<Kafka> {
  const node = await startKafka({ proxied: 2, users: { [USER]: PASSWORD }, acl: true, config: SETTINGS });
  const rule = { principal: `User:${USER}`, host: '*', operation: AclOperationTypes.ALL };
  const allowed = {
    ...rule,
    permissionType: AclPermissionTypes.ALLOW,
    resourcePatternType: ResourcePatternTypes.PREFIXED,
  };
  await node.admin((admin) =>
    admin.createAcls({
      acl: [
        { ...allowed, resourceType: AclResourceTypes.TOPIC, resourceName: 'test' },
        { ...allowed, resourceType: AclResourceTypes.GROUP, resourceName: 'test' },
        {
          ...rule,
          permissionType: AclPermissionTypes.DENY,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          resourceType: AclResourceTypes.TOPIC,
          resourceName: 'test-denied',
        },
      ],
    }),
  );
  await node.createTopic('test-denied');
  await node.createTopic('test-compacted', { config: { 'cleanup.policy': 'compact' } });
  return node;
}

function pathOver(link: Link): Path {
  return {
    cut: () => link.cut(),
    mend: () => link.mend(),
    hush: () => link.blackhole(),
    delayMs: (ms) => link.delayMs(ms),
    attempts: () => link.accepted,
  };
}

/** Topics and a group of its own on one node for all tests: a node takes as long to start as most tests to judge. */
async function fixtureOn(node: Kafka, prefix: string): Promise<Fixture> {
  const [sourceLink, sinkLink] = node.links;
  if (sourceLink === undefined || sinkLink === undefined) throw new Error('the node has no links');
  const { topics } = fromFor(prefix);
  await node.createTopics(topics);
  let inFile = PASSWORD;
  let isChanged = false;
  const over = (link: Link): Pick<EndOptions<KafkaConnection, never>, 'connection' | 'reread'> => {
    const broker = `${link.host}:${link.port}`;
    return { connection: connectionTo(broker), reread: () => connectionTo(broker, inFile) };
  };
  // The server asks who comes at the beginning of a connection only.
  const cutAll = async (): Promise<void> => {
    for (const link of [sourceLink, sinkLink]) {
      await link.cut();
      await link.mend();
    }
  };
  const fresh = `${prefix}a`;
  const body = Buffer.from('x');
  return {
    ...PROMISES,
    sourcePath: pathOver(sourceLink),
    sinkPath: pathOver(sinkLink),
    address: (name) => prefix + name,
    openSource: (context) => kafka.openSource({ ...over(sourceLink), end: fromFor(prefix) }, context),
    openSink: (context) => kafka.openSink({ ...over(sinkLink), end: toFor(prefix) }, context),
    kill: () => node.kill(),
    restart: () => node.restart(),
    pause: () => node.pause(),
    resume: () => node.resume(),
    grammar: kafka.grammar,
    reaches: (topic) => topics.includes(topic),
    refusals: [
      {
        kind: 'too-large',
        by: 'driver',
        code: 'SINK_TOO_LARGE',
        frame: () => frameForTest(fresh, Buffer.alloc(MAX_MESSAGE_BYTES)),
      },
      {
        kind: 'too-large',
        by: 'server',
        code: 'SINK_TOO_LARGE',
        // What its headers come to only the server counts.
        frame: () => ({
          ...frameForTest(fresh, Buffer.alloc(MAX_MESSAGE_BYTES - 500)),
          headers: new Map([['long', ['x'.repeat(1000)]]]),
        }),
      },
      { kind: 'denied', by: 'server', code: 'SINK_DENIED', frame: () => frameForTest('test-denied', body) },
      { kind: 'unroutable', by: 'server', code: 'ADDRESS_INVALID', frame: () => frameForTest('test-nowhere', body) },
      { kind: 'rejected', by: 'driver', code: 'SINK_REFUSED', frame: () => frameForTest('test-compacted', body) },
      {
        kind: 'rejected',
        by: 'server',
        code: 'SINK_REFUSED',
        frame: () => ({ ...frameForTest(fresh, body), timestampMs: Date.now() + TWO_HOURS_MS }),
      },
    ],
    async revoke() {
      await node.removeScramUser(USER, MECHANISMS);
      await cutAll();
    },
    async changeSecret() {
      isChanged = true;
      await node.setScramPassword(USER, NEW_PASSWORD, MECHANISMS);
      await cutAll();
    },
    renewFile() {
      inFile = NEW_PASSWORD;
    },
    grant: () => node.setScramPassword(USER, PASSWORD, MECHANISMS),
    sendDeadlineMs: 6000,
    patienceMs: 60_000,
    async [Symbol.asyncDispose]() {
      for (const link of [sourceLink, sinkLink]) {
        await link.mend();
        link.delayMs(0);
      }
      if (isChanged) await node.setScramPassword(USER, PASSWORD, MECHANISMS);
      await node.admin((admin) => admin.deleteTopics({ topics: [...topics] }));
    },
  };
}

let starting: Promise<Kafka> | undefined;
let fixtures = 0;

export const KAFKA_SUBJECT: Subject = {
  name: 'kafka',
  needs: ['kafka-process'],
  promises: PROMISES,
  async arrange() {
    const node = await (starting ??= startNode());
    fixtures += 1;
    return fixtureOn(node, `test${fixtures}.`);
  },
  excused: {
    full: 'a server whose disk is full stops for good: the tests of a killed server hold',
  },
};

/** After the last test. */
export async function stopKafka(): Promise<void> {
  await (await starting)?.[Symbol.asyncDispose]();
}
