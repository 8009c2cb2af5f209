import kafkajs, { type Admin, type KafkaConfig, type SASLOptions } from 'kafkajs';
import type { Right } from '#contract/access.ts';
import { durationMs } from '#kit/quantity.ts';
import type { KafkaConnection } from '../options.ts';
import { translated } from './failure.ts';

/** One line of an access control list. */
export interface AccessEntry extends Omit<Right, 'why'> {
  /** `User:NAME`, or `User:*` for everybody. */
  readonly principal: string;
  readonly isAllowed: boolean;
}

export interface AccessList {
  readonly entries: readonly AccessEntry[];
  /** Settings of one server about access, by name; without those that may not be read. */
  readonly settings: ReadonlyMap<string, string>;
}

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } = kafkajs;
const SETTINGS = ['allow.everyone.if.no.acl.found', 'super.users'];

const OPERATIONS = new Map(
  [
    'All',
    'Read',
    'Write',
    'Create',
    'Delete',
    'Alter',
    'Describe',
    'ClusterAction',
    'DescribeConfigs',
    'AlterConfigs',
    'IdempotentWrite',
  ].map((name, at) => [at + 2, name] as const),
);
const KINDS = new Map([
  [2, 'topic'],
  [3, 'group'],
  [4, 'cluster'],
  [5, 'transactional-id'],
  [6, 'delegation-token'],
]);

/** Reads all access control lists. Rejects with KafkaError. */
export async function readAccess(connection: KafkaConnection): Promise<AccessList> {
  const admin = new kafkajs.Kafka(configOf(connection)).admin({ retry: { retries: 1 } });
  try {
    await translated(admin.connect());
    const entries = await translated(entriesOf(admin));
    return { entries, settings: await settingsOf(admin) };
  } finally {
    await admin.disconnect();
  }
}

function configOf({ brokers, clientId, sasl, tls, connectTimeout }: KafkaConnection): KafkaConfig {
  const { ca, cert, key, serverName } = tls ?? {};
  return {
    brokers: [...brokers],
    clientId: `${clientId}-acl`,
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: durationMs(connectTimeout),
    retry: { retries: 1 },
    ...(tls !== undefined && {
      ssl: {
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        ...(serverName !== undefined && { servername: serverName }),
      },
    }),
    ...(sasl?.username !== undefined && {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one of plain and scram: tokens have no username
      sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password ?? '' } as SASLOptions,
    }),
  };
}

async function entriesOf(admin: Admin): Promise<readonly AccessEntry[]> {
  const { resources } = await admin.describeAcls({
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  return resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) =>
    acls.map(({ principal, operation, permissionType }) => {
      const kind = KINDS.get(resourceType) ?? `resource ${resourceType}`;
      return {
        operation: OPERATIONS.get(operation) ?? `operation ${operation}`,
        kind: resourcePatternType === ResourcePatternTypes.PREFIXED ? `${kind} prefix` : kind,
        on: resourceName,
        principal,
        isAllowed: permissionType !== AclPermissionTypes.DENY,
      };
    }),
  );
}

async function settingsOf(admin: Admin): Promise<ReadonlyMap<string, string>> {
  const { brokers } = await admin.describeCluster();
  const [server] = brokers;
  const described = await admin
    .describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.BROKER, name: String(server?.nodeId ?? 0), configNames: SETTINGS }],
    })
    .catch(() => undefined);
  const found = described?.resources[0]?.configEntries ?? [];
  return new Map(found.map(({ configName, configValue }) => [configName, configValue]));
}
