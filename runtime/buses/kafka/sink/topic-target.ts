import { Deque } from '#kit/deque.ts';
import type { PartitionMetadata } from '../kafka-client.ts';
import { partitionOf } from '../records/murmur2.ts';
import { PendingBatch } from './pending-batch.ts';

/** How many messages are sent singly after a batch was refused for one of them, to find it. */
const SENT_SINGLY = 1000;

/** Batches that wait for one partition. They are sent in order, each after the answer to the one before. */
export interface PartitionQueue {
  readonly topic: TopicTarget;
  readonly partition: number;
  readonly batches: Deque<PendingBatch>;
}

/** The bounds of a topic on a record's time, against the server's clock. Infinity: none. */
export interface TimestampBounds {
  /** What is further in the past is refused. */
  readonly beforeMs: number;
  /** What is further in the future is refused. */
  readonly afterMs: number;
  /** What is further in the past is accepted, and may be deleted right away. */
  readonly retentionMs: number;
}

/** A topic of the sink: its partitions, their leaders, and the batches that wait for each. */
export class TopicTarget {
  readonly name: string;
  /** Most bytes of a batch that its server accepts, as far as is known. */
  maxBatchBytes = Number.POSITIVE_INFINITY;
  /** Whether records without a key are refused. */
  needsKeys = false;
  /** Undefined where no bound is known, or the server stamps records itself. */
  timestampBounds: TimestampBounds | undefined;
  #leaders: readonly number[] = [];
  readonly #queues: (PartitionQueue | undefined)[] = [];
  #singly = 0;
  /** The partition of keyless frames until a batch of them is sent. */
  #sticky = 0;

  constructor(name: string) {
    this.name = name;
  }

  get partitionCount(): number {
    return this.#leaders.length;
  }

  update(partitions: readonly PartitionMetadata[]): void {
    this.#leaders = partitions.map(({ leader }) => leader);
  }

  /** -1 where it has no leader now. */
  leaderOf(partition: number): number {
    return this.#leaders[partition] ?? -1;
  }

  /** Leaders of the partitions that were written to. */
  leadersInUse(): Set<number> {
    return new Set(this.#queues.flatMap((queue) => (queue === undefined ? [] : this.leaderOf(queue.partition))));
  }

  /** As Kafka's own clients choose it. */
  partitionFor(key: Uint8Array | undefined): number {
    return key === undefined ? this.#sticky : partitionOf(key, this.partitionCount);
  }

  queue(partition: number): PartitionQueue {
    return (this.#queues[partition] ??= { topic: this, partition, batches: new Deque() });
  }

  /** The batch of that queue which takes `bytes` more. */
  open({ batches }: PartitionQueue, bytes: number, batchBytes: number): PendingBatch {
    const last = batches.at(batches.size - 1);
    const isSingle = this.#singly > 0;
    const limit = Math.min(batchBytes, this.maxBatchBytes);
    if (last !== undefined && !last.isSealed && !isSingle && last.records.length + bytes <= limit) return last;
    const batch = new PendingBatch();
    if (isSingle) {
      this.#singly -= 1;
      batch.isSealed = true;
    }
    batches.push(batch);
    return batch;
  }

  /** A batch is sent: keyless frames go to another partition from now on. */
  advanceSticky(partition: number): void {
    if (partition !== this.#sticky) return;
    for (let step = 1; step <= this.partitionCount; step += 1) {
      const next = (partition + step) % this.partitionCount;
      if (this.leaderOf(next) < 0) continue;
      this.#sticky = next;
      return;
    }
  }

  /** Frames are sent singly for a while. */
  sendSingly(): void {
    this.#singly = SENT_SINGLY;
  }
}
