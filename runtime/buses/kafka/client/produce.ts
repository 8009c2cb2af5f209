import type { ProtocolRequest } from 'kafkajs/src/cluster/index.js';
import type { ProduceBatch, ProduceResult, ProduceTimeouts } from '../kafka-client.ts';
import { errorIn } from './failure.ts';
import { protocolRequest } from './protocol-request.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

const API = { apiKey: 0, apiVersion: 8, apiName: 'Produce' } as const;
const ALL_REPLICAS = -1;

interface ProduceAnswer {
  readonly clientSideThrottleTime: number;
  readonly results: readonly ProduceResult[];
}

/** Produce 8, at most one batch for each partition. */
export function produce(
  batches: readonly ProduceBatch[],
  { replicasMs, answerMs }: ProduceTimeouts,
): ProtocolRequest<ProduceAnswer> {
  const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length + batch.topic.length * 3 + 16, 32);
  const body = new WireWriter(bytes)
    // No transaction.
    .int16(-1)
    .int16(ALL_REPLICAS)
    .int32(replicasMs)
    .int32(batches.length);
  for (const batch of batches) body.text(batch.topic).int32(1).int32(batch.partition).bytes(batch.bytes);
  return protocolRequest(API, body.buffer, readAnswer, answerMs);
}

function readAnswer(raw: Buffer): ProduceAnswer {
  const wire = new WireReader(raw);
  const results = wire.list(() => {
    const topic = wire.text() ?? '';
    return wire.list(() => resultOf(wire, topic));
  });
  return { results: results.flat(), clientSideThrottleTime: wire.int32() };
}

function resultOf(wire: WireReader, topic: string): ProduceResult {
  const partition = wire.int32();
  const error = errorIn(wire.int16());
  // Base offset, time of the log, start of the log.
  wire.int64();
  wire.int64();
  wire.int64();
  const reasons = wire.list(() => {
    wire.int32();
    return wire.text();
  });
  const reason = wire.text() ?? reasons.find((text) => text !== undefined);
  return { topic, partition, error, reason };
}
