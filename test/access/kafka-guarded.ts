import kafkajs, { type AclEntry, type Admin } from 'kafkajs';
import { makeCluster } from '../../runtime/buses/kafka/client/cluster.ts';
import { createKafkaClient } from '../../runtime/buses/kafka/client/index.ts';
import type { KafkaClient } from '../../runtime/buses/kafka/kafka-client.ts';
import { kafkaClient } from '../harness/kafka-client.ts';
import type { Kafka } from '../harness/kafka.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } = kafkajs;

export const PASSWORD = 'geheim';
export const USERS = { bridge: PASSWORD, maker: PASSWORD, admin: PASSWORD };

const as = (username: string) => ({ mechanism: 'plain', username, password: PASSWORD }) as const;

/** One of each kind of end: a topic, a template, dead letters, and a connection that creates. */
export function pipeline(broker: string): object {
  const sasl = (username: string): object => ({ mechanism: 'plain', username, password: 'env:PW' });
  return {
    name: 'guarded',
    buses: {
      log: { bus: 'kafka', brokers: [broker], sasl: sasl('bridge') },
      made: { bus: 'kafka', brokers: [broker], sasl: sasl('maker'), create: true },
    },
    routes: [
      {
        name: 'orders',
        from: { bus: 'log', topics: ['orders'] },
        to: { bus: 'log', topic: 'tasks.{header.kind}' },
        deadLetter: { bus: 'log', topic: 'letters' },
      },
      { name: 'made', from: { bus: 'made', topics: ['made-in'] }, to: { bus: 'made', topic: 'made-out' } },
    ],
  };
}

export const DENIED = AclPermissionTypes.DENY;

const OPERATIONS: Readonly<Record<string, AclEntry['operation']>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};

/** The access control lists that the commands of `kafka-acls.sh` make. Throws for a word that is not known here. */
export function listsOf(text: string): AclEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const form =
        /^kafka-acls\.sh --bootstrap-server "\$BOOTSTRAP" --command-config "\$ADMIN" --add --allow-principal (\S+) --operation (\w+) --(topic|group) (\S+)( --resource-pattern-type prefixed)?$/;
      const [, principal = '', operation = '', kind, resourceName = '', isPrefix] = form.exec(line) ?? [];
      const code = OPERATIONS[operation];
      if (code === undefined) throw new Error(`not understood: ${line}`);
      return {
        principal,
        host: '*',
        permissionType: AclPermissionTypes.ALLOW,
        operation: code,
        resourceType: kind === 'group' ? AclResourceTypes.GROUP : AclResourceTypes.TOPIC,
        resourceName,
        resourcePatternType: isPrefix === undefined ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED,
      };
    });
}

/** A list beyond what `sluice acl` writes. */
export function beyond(user: string, operation: 'READ' | 'ALL', topic: string): AclEntry {
  const [entry] = listsOf(
    `kafka-acls.sh --bootstrap-server "$BOOTSTRAP" --command-config "$ADMIN" --add --allow-principal User:${user} --operation Read --topic ${topic}`,
  );
  if (entry === undefined) throw new Error('no entry');
  return { ...entry, operation: AclOperationTypes[operation] };
}

type ConfigResource = (typeof ConfigResourceTypes)[keyof typeof ConfigResourceTypes];
type Outcome = 'refused' | 'granted';

/** Every text in an error, its causes and its parts. */
function textsOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const parts = ['type', 'message', 'name', 'cause', 'errors', 'partitions', 'error'].map(
    (name) => Reflect.get(error, name) as unknown,
  );
  return parts.flatMap((part) => (Array.isArray(part) ? part.map(textsOf) : [textsOf(part)])).join(' ');
}

async function outcomeOf(attempt: Promise<unknown>): Promise<Outcome> {
  const failure: unknown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined) return 'granted';
  if (/AUTHORIZATION_FAILED|not authorized/i.test(textsOf(failure))) return 'refused';
  throw new Error(`neither refused nor granted: ${textsOf(failure)}`, { cause: failure });
}

/** Requests of kafkajs to one server. */
interface NodeRequests {
  deleteRecords(records: object): Promise<unknown>;
  initProducerId(producer: object): Promise<unknown>;
  describeGroups(groups: { groupIds: readonly string[] }): Promise<unknown>;
  deleteGroups(
    groups: readonly string[],
  ): Promise<{ readonly results: readonly { readonly errorCode: number; readonly error?: Error }[] }>;
}

export interface Intruder extends AsyncDisposable {
  readonly operations: Readonly<Record<string, () => Promise<Outcome>>>;
  fetch(topic: string): Promise<Outcome>;
  produce(topic: string): Promise<Outcome>;
}

/** A client with the identity of the pipeline, and every operation that it must not be able to do, by name. */
export async function intruder(kafka: Kafka, user: string): Promise<Intruder> {
  const broker = kafka.listeners.sasl;
  const connection = { brokers: [broker], clientId: 'intruder', sasl: as(user), connectTimeout: '10s', create: false };
  const driver: KafkaClient = createKafkaClient(() => connection);
  await driver.refresh();
  await driver.connect(1);
  // The client's own calls ask for the coordinator first, and never send what that refuses.
  const cluster = makeCluster(() => connection);
  await cluster.client.connect();
  await cluster.client.brokerPool.refreshMetadata([]);
  const node = (await cluster.client.brokerPool.findBroker({ nodeId: 1 })) as unknown as NodeRequests;
  const client = kafkaClient({ clientId: 'intruder', brokers: [broker], sasl: as(user), retry: { retries: 0 } });
  const admin: Admin = client.admin({ retry: { retries: 0 } });
  const producer = client.producer({ retry: { retries: 0 }, allowAutoTopicCreation: false });
  await Promise.all([admin.connect(), producer.connect()]);
  const limits = { waitMs: 0, maxBytes: 100_000, maxBytesPerPartition: 100_000 };
  const fetch = (topic: string): Promise<Outcome> =>
    outcomeOf(
      driver.fetch(1, [{ topic, partition: 0, offset: 0 }], limits).then(([fetched]) => {
        if (fetched?.error !== undefined) throw fetched.error;
      }),
    );
  const produce = (topic: string): Promise<Outcome> => outcomeOf(producer.send({ topic, messages: [{ value: 'x' }] }));
  const member = { group: 'theirs', memberId: '', instance: 'intruder' };
  const join = { sessionMs: 10_000, rebalanceMs: 10_000, topics: ['orders'], assignors: ['roundrobin'] };
  const partitions = [{ partition: 0, offset: '0' }];
  const resource = (type: ConfigResource, name: string) => ({
    type,
    name,
    configEntries: [{ name: 'retention.ms', value: '1' }],
  });
  const altering = (type: ConfigResource, name: string) => () =>
    outcomeOf(admin.alterConfigs({ validateOnly: false, resources: [resource(type, name)] }));
  const describing = (type: ConfigResource, name: string) => () =>
    outcomeOf(
      admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name }] }).then(({ resources }) => {
        const [first] = resources;
        if (first !== undefined && first.errorCode !== 0) throw new Error(first.errorMessage);
      }),
    );
  const deleting = async (group: string): Promise<void> => {
    const { results } = await node.deleteGroups([group]);
    for (const { errorCode, error } of results) if (errorCode !== 0) throw error ?? new Error(`code ${errorCode}`);
  };
  const purging = (topic: string): Promise<unknown> => node.deleteRecords({ topics: [{ topic, partitions }] });
  const { TOPIC, BROKER } = ConfigResourceTypes;
  const any = {
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  };
  return {
    fetch,
    produce,
    operations: {
      'write to the topic of another': () => produce('other'),
      'write to what it reads': () => produce('orders'),
      'write to a topic that only begins like its own': () => produce('tasks'),
      'write below its dead letters': () => produce('letters.more'),
      'write to the topic of the other user': () => produce('made-in'),
      'write into the offsets of all groups': () => produce('__consumer_offsets'),
      'read the topic of another': () => fetch('other'),
      'read its dead letters': () => fetch('letters'),
      'read the topic of the other user': () => fetch('made-in'),
      'read the offsets of all groups': () => fetch('__consumer_offsets'),
      'look up offsets of another topic': () =>
        outcomeOf(driver.listOffsets(1, [{ topic: 'other', partition: 0 }], -1)),
      'look at another topic': () => outcomeOf(admin.fetchTopicMetadata({ topics: ['other'] })),
      'join the group of another': () => outcomeOf(driver.joinGroup(1, member, join, 5000)),
      'join the group of the other user': () =>
        outcomeOf(driver.joinGroup(1, { ...member, group: 'guarded-made' }, join, 5000)),
      'leave the group in the place of another': () =>
        outcomeOf(driver.leaveGroup(1, { ...member, memberId: 'them' }, 5000)),
      'find the coordinator of the group of another': () => outcomeOf(driver.coordinator('theirs')),
      'read the offsets of another group': () =>
        outcomeOf(driver.committedOffsets(1, 'theirs', new Map([['orders', [0]]]))),
      'set the offsets of another group': () =>
        outcomeOf(
          driver.commitOffsets(1, { ...member, instance: '', generation: -1 }, [
            { topic: 'orders', partition: 0, offset: 0, metadata: '' },
          ]),
        ),
      'describe the group of another': () => outcomeOf(node.describeGroups({ groupIds: ['theirs'] })),
      'delete the group of another': () => outcomeOf(deleting('theirs')),
      'delete its own group': () => outcomeOf(deleting('guarded-orders')),
      'create a topic': () => outcomeOf(admin.createTopics({ topics: [{ topic: 'new' }] })),
      'create a topic of its own prefix': () => outcomeOf(admin.createTopics({ topics: [{ topic: 'tasks.new' }] })),
      'delete the topic of another': () => outcomeOf(admin.deleteTopics({ topics: ['other'] })),
      'delete what it reads': () => outcomeOf(admin.deleteTopics({ topics: ['orders'] })),
      'delete what it writes': () => outcomeOf(admin.deleteTopics({ topics: ['tasks.k0'] })),
      'add partitions': () => outcomeOf(admin.createPartitions({ topicPartitions: [{ topic: 'orders', count: 3 }] })),
      'purge what it reads': () => outcomeOf(purging('orders')),
      'purge what it writes': () => outcomeOf(purging('tasks.k0')),
      'purge the topic of another': () => outcomeOf(purging('other')),
      'shorten what it reads': altering(TOPIC, 'orders'),
      'shorten what it writes': altering(TOPIC, 'tasks.k0'),
      'change a server': altering(BROKER, '1'),
      'see the settings of what it reads': describing(TOPIC, 'orders'),
      'see the settings of another topic': describing(TOPIC, 'other'),
      'see the settings of a server': describing(BROKER, '1'),
      'see who may do what': () => outcomeOf(admin.describeAcls(any)),
      'give itself rights': () => outcomeOf(admin.createAcls({ acl: [beyond(user, 'ALL', 'other')] })),
      'take rights away': () => outcomeOf(admin.deleteAcls({ filters: [any] })),
      'begin a transaction': () =>
        outcomeOf(node.initProducerId({ transactionalId: 'theirs', transactionTimeout: 10_000 })),
    },
    async [Symbol.asyncDispose]() {
      driver.close();
      cluster.close();
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
}
