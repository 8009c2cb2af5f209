import type { Exchange } from 'kafkajs/src/cluster/index.js';
import { exchange } from './protocol-request.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

const API = { apiKey: 0, apiVersion: 8, apiName: 'Produce' } as const;
const ALL_REPLICAS = -1;

/** One finished batch and where it goes. */
export interface Consignment {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

/** How one batch fared. Code 0: all replicas have it. Otherwise none of its records is there. */
export interface Verdict {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** The server's own words, where it has any. */
  readonly reason: string | undefined;
}

/** Batches for partitions that one server leads, at most one for each. The server waits for its replicas for `timeoutMs`. */
export function produce(
  consignments: readonly Consignment[],
  timeoutMs: number,
  answerMs: number,
): Exchange<{ readonly clientSideThrottleTime: number; readonly verdicts: readonly Verdict[] }> {
  const bytes = consignments.reduce((sum, batch) => sum + batch.bytes.length + batch.topic.length * 3 + 16, 32);
  const body = new WireWriter(bytes)
    // No transaction.
    .int16(-1)
    .int16(ALL_REPLICAS)
    .int32(timeoutMs)
    .int32(consignments.length);
  for (const batch of consignments) body.text(batch.topic).int32(1).int32(batch.partition).bytes(batch.bytes);
  return exchange(API, body.buffer, readAnswer, answerMs);
}

function readAnswer(raw: Buffer): { clientSideThrottleTime: number; verdicts: readonly Verdict[] } {
  const wire = new WireReader(raw);
  const verdicts = wire.list(() => {
    const topic = wire.text() ?? '';
    return wire.list(() => verdictOf(wire, topic));
  });
  return { verdicts: verdicts.flat(), clientSideThrottleTime: wire.int32() };
}

function verdictOf(wire: WireReader, topic: string): Verdict {
  const partition = wire.int32();
  const errorCode = wire.int16();
  // Base offset, time of the log, start of the log.
  wire.int64();
  wire.int64();
  wire.int64();
  const reasons = wire.list(() => {
    wire.int32();
    return wire.text();
  });
  const reason = wire.text() ?? reasons.find((text) => text !== undefined);
  return { topic, partition, errorCode, reason };
}
