import type { Broker } from 'kafkajs/src/cluster/index.js';
import { protocolRequest } from './protocol-request.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

// kafkajs speaks no version of these requests with the operations that the user is authorized for.
const METADATA = { apiKey: 3, apiVersion: 8, apiName: 'Metadata' } as const;
const DESCRIBE_GROUPS = { apiKey: 15, apiVersion: 3, apiName: 'DescribeGroups' } as const;
/** In place of a number of topics: all of them. */
const ALL = -1;
const NO = 0;
const YES = 1;
/** In place of operations: the server does not tell them. */
const UNTOLD = -2_147_483_648;

/** Numbers of the protocol. */
const OPERATIONS: Readonly<Record<string, number>> = {
  Read: 3,
  Write: 4,
  Create: 5,
  Describe: 8,
  DescribeConfigs: 10,
};

/** Whether an operation is among those that the server lists; undefined: it does not tell. */
export type Operations = (operation: string) => boolean | undefined;

export interface SeenPartition {
  /** -1: none. */
  readonly leader: number;
  readonly replicas: number;
  readonly inSync: number;
}

export interface SeenTopic {
  readonly topic: string;
  /** The error code of the protocol; 0: none. */
  readonly errorCode: number;
  readonly partitions: readonly SeenPartition[];
  readonly may: Operations;
}

export interface SeenGroup {
  readonly errorCode: number;
  /** `Stable`, `Empty`; `Dead`: there is none. */
  readonly state: string;
  readonly protocolType: string;
  readonly members: number;
  readonly may: Operations;
}

/** These topics, or all that the user may see. None is created. */
export function seenTopics(broker: Broker, topics: readonly string[] | undefined): Promise<readonly SeenTopic[]> {
  const body = new WireWriter(256).int32(topics === undefined ? ALL : topics.length);
  for (const topic of topics ?? []) body.text(topic);
  body.int8(NO).int8(NO).int8(YES);
  return send(broker, METADATA, body.buffer, (wire) => {
    wire.list(() => {
      wire.int32();
      wire.text();
      wire.int32();
      wire.text();
    });
    wire.text();
    wire.int32();
    return wire.list(() => {
      const errorCode = wire.int16();
      const topic = wire.text() ?? '';
      wire.int8();
      const partitions = wire.list(() => partitionOf(wire));
      return { topic, errorCode, partitions, may: operationsOf(wire.int32()) };
    });
  });
}

function partitionOf(wire: WireReader): SeenPartition {
  wire.int16();
  wire.int32();
  const leader = wire.int32();
  wire.int32();
  const replicas = wire.list(() => wire.int32()).length;
  const inSync = wire.list(() => wire.int32()).length;
  wire.list(() => wire.int32());
  return { leader, replicas, inSync };
}

/** A group as one server sees it; each but its coordinator answers with an error. The request makes no group. */
export async function seenGroup(broker: Broker, group: string): Promise<SeenGroup | undefined> {
  const body = new WireWriter(64).int32(1).text(group).int8(YES).buffer;
  const [found] = await send(broker, DESCRIBE_GROUPS, body, (wire) =>
    wire.list(() => {
      const errorCode = wire.int16();
      wire.text();
      const state = wire.text() ?? '';
      const protocolType = wire.text() ?? '';
      wire.text();
      const members = wire.list(() => {
        for (let text = 0; text < 3; text += 1) wire.text();
        wire.bytes();
        wire.bytes();
      }).length;
      return { errorCode, state, protocolType, members, may: operationsOf(wire.int32()) };
    }),
  );
  return found;
}

function operationsOf(bits: number): Operations {
  return (operation) => {
    const number = OPERATIONS[operation];
    return bits === UNTOLD || number === undefined ? undefined : (bits & (1 << number)) !== 0;
  };
}

async function send<Found>(
  { connectionPool }: Broker,
  api: typeof METADATA | typeof DESCRIBE_GROUPS,
  body: Buffer,
  read: (wire: WireReader) => Found,
): Promise<Found> {
  const request = protocolRequest(
    api,
    body,
    (raw) => {
      const wire = new WireReader(raw);
      return { clientSideThrottleTime: wire.int32(), found: read(wire) };
    },
    undefined,
  );
  return (await connectionPool.send(request)).found;
}
