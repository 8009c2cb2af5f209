import type { SluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import type { Compression } from '../records/compression.ts';
import type { Link } from '../link.ts';
import type { PendingBatch } from './pending-batch.ts';
import { type Consignment, produce, type Verdict } from '../client/produce.ts';
import type { Queue } from './topic-target.ts';

/** While an answer is awaited it is looked so often whether another server leads. */
const LOOK_MS = 3000;
/** For the answer's way, beyond what the server may take. */
const GRACE_MS = 1000;

/** A batch on its way. */
export interface Shipment {
  readonly queue: Queue;
  readonly batch: PendingBatch;
}

export interface Sending {
  /** How long the server may take. */
  readonly timeoutMs: number;
  readonly compression: Compression;
}

/**
 * Sends batches of partitions that one server leads, without those of their frames that have expired; a batch that is left
 * empty gets no verdict. Rejects when the server is lost, or with SINK_TIMEOUT.
 */
export async function sendShipments(
  link: Link,
  leader: number,
  shipments: readonly Shipment[],
  { timeoutMs, compression }: Sending,
): Promise<readonly Verdict[]> {
  const answerMs = timeoutMs + GRACE_MS;
  let isOver = false;
  const asking = (async () => {
    const broker = await link.broker(leader);
    // Given up while it was looked for: the engine sends these frames again, and no older copy may come after them.
    if (isOver) return [];
    const consignments = consignmentsOf(link, shipments, compression);
    if (consignments.length === 0) return [];
    return (await broker.connectionPool.send(produce(consignments, timeoutMs, answerMs))).verdicts;
  })();
  const tooLate = (): SluiceError => link.error('SINK_TIMEOUT', `no confirmation within ${timeoutMs} ms`);
  const stopLooking = giveUpWhenReplaced(link, leader, shipments);
  // The connection is not asked again: it ends with the same answer that is overdue.
  return withDeadline(asking, answerMs, tooLate).finally(() => {
    isOver = true;
    stopLooking();
  });
}

/** A batch may have waited for the answer to the one before it, and for its server. */
function consignmentsOf(link: Link, shipments: readonly Shipment[], compression: Compression): Consignment[] {
  const nowMs = Date.now();
  const expired = (): SluiceError => link.error('EXPIRED', 'expired before it could be sent');
  return shipments.flatMap(({ queue, batch }) => {
    batch.dropExpired(nowMs, expired);
    if (batch.count === 0) return [];
    return { topic: queue.topic.name, partition: queue.partition, bytes: batch.records.finish(compression) };
  });
}

/**
 * Gives up a server that does not answer once the cluster has put another one in its place: one that hangs would be
 * waited for otherwise. Until what is returned is called.
 */
function giveUpWhenReplaced(link: Link, leader: number, shipments: readonly Shipment[]): () => void {
  let isOver = false;
  let isLooking = false;
  const look = async (): Promise<void> => {
    for (const { queue } of shipments) {
      const { topic, partition } = queue;
      const partitions = await link.partitions(topic.name).catch(() => undefined);
      const now = partitions?.[partition]?.leader ?? -1;
      if (isOver) return;
      if (now < 0 || now === leader) continue;
      const moved = `topic ${topic.name}, partition ${partition}: server ${now} leads it`;
      return link.giveUp(leader, `${moved}, and server ${leader} has not answered Produce`);
    }
  };
  const looking = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => (isLooking = false));
  }, LOOK_MS);
  return () => {
    isOver = true;
    clearInterval(looking);
  };
}
