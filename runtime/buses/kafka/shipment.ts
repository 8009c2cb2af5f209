import type { Link } from './link.ts';
import type { PendingBatch } from './pending-batch.ts';
import type { Queue } from './topic-target.ts';

/** While an answer is awaited it is looked so often whether another server leads. */
const LOOK_MS = 3000;

/** A batch on its way. */
export interface Shipment {
  readonly queue: Queue;
  readonly batch: PendingBatch;
}

/**
 * Gives up a server that does not answer once the cluster has put another one in its place: one that hangs would be
 * waited for otherwise. Until what is returned is called.
 */
export function giveUpWhenReplaced(link: Link, leader: number, shipments: readonly Shipment[]): () => void {
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
