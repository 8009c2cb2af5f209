import type { Exchange } from 'kafkajs/src/cluster/index.js';
import { exchange } from './protocol-request.ts';
import type { Aborted } from '../records/stored-batch.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

const API = { apiKey: 1, apiVersion: 11, apiName: 'Fetch' } as const;
const CONSUMER = -1;
const READ_COMMITTED = 1;
/** Beyond what the server itself may wait, without one byte. A large answer over a slow path may take longer. */
const SILENCE_MS = 10_000;

/** From where one partition is asked for. */
export interface Wanted {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface FetchLimits {
  /** How long the server waits for something to come. */
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

/** What the server has of one partition. */
export interface Fetched {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Offset behind the last message that a reader could be given; negative where the server does not say. */
  readonly highWatermark: number;
  readonly aborted: readonly Aborted[];
  /** Record batches; the last may be cut off. */
  readonly records: Buffer;
}

/** Asks the server that leads these partitions for what has come, without a session. */
export function fetch(
  wanted: readonly Wanted[],
  { waitMs, maxBytes, maxBytesPerPartition }: FetchLimits,
): Exchange<{
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly fetched: readonly Fetched[];
}> {
  const body = new WireWriter(64 + wanted.length * 64)
    .int32(CONSUMER)
    .int32(waitMs)
    .int32(1)
    .int32(maxBytes)
    .int8(READ_COMMITTED)
    .int32(0)
    .int32(-1)
    .int32(wanted.length);
  for (const { topic, partition, offset } of wanted) {
    // Without a leader's epoch and the log's start, which only replicas know.
    body.text(topic).int32(1).int32(partition).int32(-1).int64(offset).int64(-1).int32(maxBytesPerPartition);
  }
  // No session, no rack.
  body.int32(0).text('');
  return exchange(API, body.buffer, readAnswer, waitMs + SILENCE_MS);
}

function readAnswer(raw: Buffer): { clientSideThrottleTime: number; errorCode: number; fetched: readonly Fetched[] } {
  const wire = new WireReader(raw);
  const clientSideThrottleTime = wire.int32();
  const errorCode = wire.int16();
  // The session's id.
  wire.int32();
  const fetched = wire.list(() => {
    const topic = wire.text() ?? '';
    return wire.list(() => partitionOf(wire, topic));
  });
  return { clientSideThrottleTime, errorCode, fetched: fetched.flat() };
}

function partitionOf(wire: WireReader, topic: string): Fetched {
  const partition = wire.int32();
  const errorCode = wire.int16();
  const highWatermark = wire.int64();
  // Last stable offset, start of the log.
  wire.int64();
  wire.int64();
  const aborted = wire.list(() => ({ producerId: wire.bigInt64(), firstOffset: wire.int64() }));
  // The replica to read from instead.
  wire.int32();
  return { topic, partition, errorCode, highWatermark, aborted, records: wire.bytes() };
}
