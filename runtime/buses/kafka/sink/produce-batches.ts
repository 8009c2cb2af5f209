import type { SluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import type { ProduceBatch, ProduceResult } from '../kafka-client.ts';
import type { Link } from '../link.ts';
import type { Compression } from '../records/compression.ts';
import type { PendingBatch } from './pending-batch.ts';
import type { PartitionQueue } from './topic-target.ts';

/** How often the leaders are looked up while an answer is awaited. */
const LOOKUP_INTERVAL_MS = 3000;
/** For the transport of the answer, beyond the time that the server may take. */
const GRACE_MS = 1000;

/** A batch that is sent, and the queue that it came from. */
export interface OutgoingBatch {
  readonly queue: PartitionQueue;
  readonly batch: PendingBatch;
}

export interface ProduceSettings {
  /** How long the server may take. */
  readonly timeoutMs: number;
  readonly compression: Compression;
}

/**
 * Sends batches of partitions that one server leads, without those of their frames that have expired; a batch that is left
 * empty has no result. Rejects when the server is lost, or with SINK_TIMEOUT.
 */
export async function produceBatches(
  link: Link,
  leader: number,
  outgoing: readonly OutgoingBatch[],
  { timeoutMs, compression }: ProduceSettings,
): Promise<readonly ProduceResult[]> {
  const answerMs = timeoutMs + GRACE_MS;
  let isOver = false;
  const asking = (async () => {
    await link.client.connect(leader);
    // Given up during the connect: the engine sends these frames again, and no older copy may follow them.
    if (isOver) return [];
    const batches = encode(link, outgoing, compression);
    if (batches.length === 0) return [];
    return link.client.produce(leader, batches, { replicasMs: timeoutMs, answerMs });
  })();
  const tooLate = (): SluiceError => link.error('SINK_TIMEOUT', `no confirmation within ${timeoutMs} ms`);
  const stopLookups = disconnectWhenReplaced(link, leader, outgoing);
  // The connection is not used again: the client ends it for the same overdue answer.
  return withDeadline(asking, answerMs, tooLate).finally(() => {
    isOver = true;
    stopLookups();
  });
}

/** Drops expired frames: a batch may have waited for the answer to the one before it, and for its server. */
function encode(link: Link, outgoing: readonly OutgoingBatch[], compression: Compression): ProduceBatch[] {
  const nowMs = Date.now();
  const expired = (): SluiceError => link.error('EXPIRED', 'expired before it could be sent');
  return outgoing.flatMap(({ queue, batch }) => {
    batch.dropExpired(nowMs, expired);
    if (batch.count === 0) return [];
    return { topic: queue.topic.name, partition: queue.partition, bytes: batch.records.finish(compression) };
  });
}

/**
 * Disconnects a server that does not answer once another one leads: a server that hangs would be waited for otherwise.
 * Ends when the returned function is called.
 */
function disconnectWhenReplaced(link: Link, leader: number, outgoing: readonly OutgoingBatch[]): () => void {
  let isOver = false;
  let isLooking = false;
  const look = async (): Promise<void> => {
    for (const { queue } of outgoing) {
      const { topic, partition } = queue;
      const partitions = await link.partitions(topic.name).catch(() => undefined);
      const now = partitions?.[partition]?.leader ?? -1;
      if (isOver) return;
      if (now < 0 || now === leader) continue;
      const moved = `topic ${topic.name}, partition ${partition}: server ${now} leads it`;
      return link.client.disconnect(leader, `${moved}, and server ${leader} has not answered Produce`);
    }
  };
  const looking = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => (isLooking = false));
  }, LOOKUP_INTERVAL_MS);
  return () => {
    isOver = true;
    clearInterval(looking);
  };
}
