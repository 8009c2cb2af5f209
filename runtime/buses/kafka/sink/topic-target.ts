import type { PartitionMetadata } from 'kafkajs/src/cluster/index.js';
import { Deque } from '#kit/deque.ts';
import { partitionOf } from '../records/murmur2.ts';
import { PendingBatch } from './pending-batch.ts';

/** So many messages travel alone after a batch was refused for one of them, so that the server says which. */
const ALONE = 1000;

/** What waits for one partition. Batches leave in order, the next one when the one before is answered. */
export interface Queue {
  readonly topic: TopicTarget;
  readonly partition: number;
  readonly batches: Deque<PendingBatch>;
}

/** A topic that frames went to: its partitions, who leads them, and what waits for each. */
export class TopicTarget {
  readonly name: string;
  /** Most bytes of a batch that its server takes, as far as is known. */
  maxBatchBytes = Number.POSITIVE_INFINITY;
  /** Whether records without a key are refused. */
  needsKeys = false;
  /** How far from the server's clock a record's time may lie, each way; undefined where any may, as far as is known. */
  takesTimes: { readonly beforeMs: number; readonly afterMs: number } | undefined;
  #leaders: readonly number[] = [];
  readonly #queues: (Queue | undefined)[] = [];
  #alone = 0;
  /** Where keyless frames go until a batch of them leaves. */
  #sticky = 0;

  constructor(name: string) {
    this.name = name;
  }

  get partitionCount(): number {
    return this.#leaders.length;
  }

  learn(partitions: readonly PartitionMetadata[]): void {
    this.#leaders = partitions.map(({ leader }) => leader);
  }

  /** -1 where nobody leads it now. */
  leaderOf(partition: number): number {
    return this.#leaders[partition] ?? -1;
  }

  /** Servers that lead a partition which something was sent to. */
  leadersInUse(): Set<number> {
    return new Set(this.#queues.flatMap((queue) => (queue === undefined ? [] : this.leaderOf(queue.partition))));
  }

  /** As Kafka's own clients choose it. */
  partitionFor(key: Uint8Array | undefined): number {
    return key === undefined ? this.#sticky : partitionOf(key, this.partitionCount);
  }

  queue(partition: number): Queue {
    return (this.#queues[partition] ??= { topic: this, partition, batches: new Deque() });
  }

  /** The batch of that queue which takes `bytes` more. */
  open({ batches }: Queue, bytes: number, batchBytes: number): PendingBatch {
    const last = batches.at(batches.size - 1);
    const isAlone = this.#alone > 0;
    const limit = Math.min(batchBytes, this.maxBatchBytes);
    if (last !== undefined && !last.isSealed && !isAlone && last.records.length + bytes <= limit) return last;
    const batch = new PendingBatch();
    if (isAlone) {
      this.#alone -= 1;
      batch.isSealed = true;
    }
    batches.push(batch);
    return batch;
  }

  /** A batch leaves: keyless frames go elsewhere from now on. */
  turn(partition: number): void {
    if (partition !== this.#sticky) return;
    for (let step = 1; step <= this.partitionCount; step += 1) {
      const next = (partition + step) % this.partitionCount;
      if (this.leaderOf(next) < 0) continue;
      this.#sticky = next;
      return;
    }
  }

  /** Frames travel alone for a while. */
  separate(): void {
    this.#alone = ALONE;
  }
}
