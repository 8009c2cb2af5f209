import type { ProtocolRequest } from 'kafkajs/src/cluster/index.js';
import type { Fetched, FetchLimits, FetchPosition } from '../kafka-client.ts';
import { errorIn } from './failure.ts';
import { protocolRequest } from './protocol-request.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

const API = { apiKey: 1, apiVersion: 11, apiName: 'Fetch' } as const;
const CONSUMER = -1;
const READ_COMMITTED = 1;
/** Longest time without one byte, beyond the time that the server may wait. A large answer over a slow path may take longer. */
const SILENCE_MS = 10_000;

/** Fetch 11, without a session. */
export function fetch(
  wanted: readonly FetchPosition[],
  { waitMs, maxBytes, maxBytesPerPartition }: FetchLimits,
): ProtocolRequest<{
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
  return protocolRequest(API, body.buffer, readAnswer, waitMs + SILENCE_MS);
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
  const error = errorIn(wire.int16());
  const highWatermark = wire.int64();
  // Last stable offset, start of the log.
  wire.int64();
  wire.int64();
  const aborted = wire.list(() => ({ producerId: wire.bigInt64(), firstOffset: wire.int64() }));
  // The replica to read from instead.
  wire.int32();
  return { topic, partition, error, highWatermark, aborted, records: wire.bytes() };
}
