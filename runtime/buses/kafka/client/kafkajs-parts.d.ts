// The parts of kafkajs that its public door keeps to itself, as far as they are used here. The version is pinned.

declare module 'kafkajs/src/loggers/index.js' {
  interface Logger {
    namespace(name: string): Logger;
  }
  const loggers: {
    createLogger(options: { level: number; logCreator: () => () => void }): Logger;
  };
  export default loggers;
}

declare module 'kafkajs/src/cluster/index.js' {
  import type { Socket } from 'node:net';

  /** One request of the protocol: `encode` makes what follows the request's header. */
  export interface ProtocolRequest<Answer> {
    readonly request: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly apiName: string;
      encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
    };
    readonly response: {
      decode(raw: Buffer): Promise<Answer>;
      parse(answer: Answer): Promise<Answer>;
    };
    readonly requestTimeout?: number;
    readonly logResponseError?: boolean;
  }

  export interface Connection {
    readonly host: string;
    readonly port: number;
    readonly socket?: Socket;
    send: <Answer>(exchange: ProtocolRequest<Answer>) => Promise<Answer>;
    /** The bytes of an answer that have arrived, and how many are needed to read it. */
    chunks: Buffer[];
    bytesBuffered: number;
    bytesNeeded: number;
    isConnected(): boolean;
    connect: () => Promise<boolean>;
    readonly requestQueue: {
      readonly pending: readonly unknown[];
      throttledUntil: number;
      throttleCheckTimeoutId: NodeJS.Timeout | null;
      checkPendingRequests(): void;
      scheduleCheckPendingRequests: () => void;
    };
  }

  export interface ConnectionPool {
    readonly host: string;
    readonly port: number;
    readonly pool: readonly Connection[];
    send<Answer>(exchange: ProtocolRequest<Answer>): Promise<Answer>;
  }

  export interface PartitionMetadata {
    readonly partitionErrorCode: number;
    readonly partitionId: number;
    readonly leader: number;
  }

  export interface Metadata {
    readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
    readonly controllerId: number;
    readonly topicMetadata: readonly {
      readonly topicErrorCode: number;
      readonly topic: string;
      readonly partitionMetadata: readonly PartitionMetadata[];
    }[];
  }

  export interface TopicPartitions<Partition> {
    readonly topic: string;
    readonly partitions: readonly Partition[];
  }

  export interface Broker {
    readonly nodeId: number | null;
    readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null;
    readonly connectionPool: ConnectionPool;
    isConnected(): boolean;
    disconnect: () => Promise<void>;
    metadata: (topics: readonly string[]) => Promise<Metadata>;
    createTopics(request: {
      topics: readonly { topic: string; numPartitions: number; replicationFactor: number }[];
      timeout: number;
    }): Promise<unknown>;
    describeConfigs(request: {
      resources: readonly { type: number; name: string; configNames: readonly string[] }[];
    }): Promise<{
      readonly resources: readonly {
        readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[];
      }[];
    }>;
    describeAcls(filter: {
      readonly resourceType: number;
      readonly resourceName: string | null;
      readonly resourcePatternType: number;
      readonly principal: string | null;
      readonly host: string | null;
      readonly operation: number;
      readonly permissionType: number;
    }): Promise<{
      readonly resources: readonly {
        readonly resourceType: number;
        readonly resourceName: string;
        readonly resourcePatternType: number;
        readonly acls: readonly {
          readonly principal: string;
          readonly host: string;
          readonly operation: number;
          readonly permissionType: number;
        }[];
      }[];
    }>;
    listOffsets(request: {
      replicaId: number;
      isolationLevel: number;
      topics: readonly TopicPartitions<{ partition: number; timestamp: number | string }>[];
    }): Promise<{ readonly responses: readonly TopicPartitions<{ partition: number; offset: string }>[] }>;
    offsetFetch(request: { groupId: string; topics: readonly TopicPartitions<{ partition: number }>[] }): Promise<{
      readonly responses: readonly TopicPartitions<{ partition: number; offset: string; metadata: string | null }>[];
    }>;
    offsetCommit(request: {
      groupId: string;
      groupGenerationId: number;
      memberId: string;
      topics: readonly TopicPartitions<{ partition: number; offset: string; metadata: string }>[];
    }): Promise<unknown>;
    deleteGroups(groups: readonly string[]): Promise<{
      readonly results: readonly { readonly groupId: string; readonly errorCode: number }[];
    }>;
    findGroupCoordinator(request: { groupId: string; coordinatorType: number }): Promise<{
      readonly coordinator: { readonly nodeId: number };
    }>;
  }

  export interface ClusterOptions {
    readonly logger: unknown;
    readonly retry: { readonly retries: number };
    readonly socketFactory: (options: {
      host: string;
      port: number;
      ssl: object | null;
      onConnect: () => void;
    }) => Socket;
    readonly brokers: readonly string[];
    readonly ssl: object | null;
    readonly sasl: object | null;
    readonly clientId: string;
    readonly connectionTimeout: number;
    readonly authenticationTimeout: number;
    readonly requestTimeout: number;
    readonly enforceRequestTimeout: boolean;
    readonly metadataMaxAge: number;
    readonly allowAutoTopicCreation: boolean;
    readonly isolationLevel: number;
  }

  export default class Cluster {
    constructor(options: ClusterOptions);
    readonly connectionPoolBuilder: {
      build: (to?: { readonly host?: string; readonly port?: number }) => Promise<ConnectionPool>;
    };
    readonly brokerPool: {
      createBroker: (options: object) => Broker;
      readonly brokers: Readonly<Record<string, Broker>>;
      readonly seedBroker?: Broker;
      readonly metadata: Metadata | null;
      findConnectedBroker: () => Promise<Broker>;
      findBroker(options: { nodeId: number | string }): Promise<Broker>;
      refreshMetadata(topics: readonly string[]): Promise<void>;
    };
    connect(): Promise<void>;
  }
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type { ProtocolRequest, Metadata } from 'kafkajs/src/cluster/index.js';

  interface Group {
    readonly groupId: string;
    readonly memberId: string;
    readonly groupInstanceId: string;
  }
  interface Definition<Options, Answer> {
    protocol(options: { version: number }): (options: Options) => ProtocolRequest<Answer>;
  }
  const definitions: {
    readonly requests: {
      readonly LeaveGroup: Definition<Group, unknown>;
      readonly JoinGroup: Definition<
        Group & {
          sessionTimeout: number;
          rebalanceTimeout: number;
          protocolType: 'consumer';
          groupProtocols: readonly { name: string; metadata: Buffer }[];
        },
        {
          readonly generationId: number;
          readonly leaderId: string;
          readonly memberId: string;
          readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
        }
      >;
      readonly SyncGroup: Definition<
        Group & {
          generationId: number;
          groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[];
        },
        { readonly memberAssignment: Buffer }
      >;
      readonly Heartbeat: Definition<Group & { groupGenerationId: number }, unknown>;
      readonly Metadata: Definition<{ topics: readonly string[]; allowAutoTopicCreation: boolean }, Metadata>;
    };
  };
  export default definitions;
}

declare module 'kafkajs/src/errors.js' {
  const errors: {
    readonly KafkaJSConnectionError: new (message: string, at: { broker: string; code: string }) => Error;
  };
  export default errors;
}

declare module 'kafkajs/src/protocol/error.js' {
  const errors: {
    createErrorFromCode(code: number): Error & { readonly type: string; readonly retriable: boolean };
  };
  export default errors;
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  const protocol: {
    readonly MemberMetadata: {
      encode(metadata: { version: number; topics: readonly string[] }): Buffer;
      decode(bytes: Buffer): { readonly topics: readonly string[] };
    };
    readonly MemberAssignment: {
      encode(assignment: { version: number; assignment: Readonly<Record<string, readonly number[]>> }): Buffer;
      decode(bytes: Buffer): { readonly assignment: Readonly<Record<string, readonly number[]>> } | null;
    };
  };
  export default protocol;
}
