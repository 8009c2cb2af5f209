import type { Broker } from 'kafkajs/src/cluster/index.js';
import type { Right } from '#contract/access.ts';
import type { KafkaConnection } from '../options.ts';
import { makeCluster } from './cluster.ts';
import { translated } from './failure.ts';

/** One line of an access control list. */
export interface AccessEntry extends Omit<Right, 'why'> {
  /** `User:NAME`, or `User:*` for everybody. */
  readonly principal: string;
  /** The address that the client must have; `*` for any. */
  readonly host: string;
  readonly isAllowed: boolean;
}

export interface AccessList {
  readonly entries: readonly AccessEntry[];
  /** Settings of one server about access, by name; without those that may not be read. */
  readonly settings: ReadonlyMap<string, string>;
}

const SETTINGS = ['allow.everyone.if.no.acl.found', 'super.users'];

// The numbers of the protocol.
const ANY = 1;
const PREFIXED = 4;
const DENY = 2;
const SERVER = 4;
const KINDS: Readonly<Record<number, string>> = {
  2: 'topic',
  3: 'group',
  4: 'cluster',
  5: 'transactional-id',
  6: 'delegation-token',
};
const OPERATIONS: Readonly<Record<number, string>> = {
  2: 'All',
  3: 'Read',
  4: 'Write',
  5: 'Create',
  6: 'Delete',
  7: 'Alter',
  8: 'Describe',
  9: 'ClusterAction',
  10: 'DescribeConfigs',
  11: 'AlterConfigs',
  12: 'IdempotentWrite',
};

/** Reads all access control lists. Rejects with KafkaError. */
export async function readAccess(connection: KafkaConnection): Promise<AccessList> {
  const cluster = makeCluster(() => connection);
  const { brokerPool } = cluster.client;
  try {
    await translated(cluster.client.connect());
    await translated(brokerPool.refreshMetadata([]));
    // The broker of the URL has no id that its settings could be asked by; those of the metadata have.
    const [nodeId = '0'] = Object.keys(brokerPool.brokers);
    const broker = await translated(brokerPool.findBroker({ nodeId }));
    return { entries: await translated(entriesOf(broker)), settings: await settingsOf(broker, nodeId) };
  } finally {
    cluster.close();
  }
}

async function entriesOf(broker: Broker): Promise<readonly AccessEntry[]> {
  const any = { resourceType: ANY, resourcePatternType: ANY, operation: ANY, permissionType: ANY };
  const { resources } = await broker.describeAcls({ ...any, resourceName: null, principal: null, host: null });
  return resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) => {
    const kind = KINDS[resourceType] ?? `resource ${resourceType}`;
    return acls.map(({ principal, host, operation, permissionType }) => ({
      operation: OPERATIONS[operation] ?? `operation ${operation}`,
      kind: resourcePatternType === PREFIXED ? `${kind} prefix` : kind,
      on: resourceName,
      principal,
      host,
      isAllowed: permissionType !== DENY,
    }));
  });
}

async function settingsOf(broker: Broker, nodeId: string): Promise<ReadonlyMap<string, string>> {
  const resources = [{ type: SERVER, name: nodeId, configNames: SETTINGS }];
  const described = await broker.describeConfigs({ resources }).catch(() => undefined);
  const entries = described?.resources[0]?.configEntries ?? [];
  return new Map(
    entries.flatMap(({ configName, configValue }) => (configValue === null ? [] : [[configName, configValue]])),
  );
}
