import type { Delivery } from '#contract/delivery.ts';
import type { Demand } from '#contract/source.ts';
import { Signal } from '#kit/signal.ts';
import type { RecordDelivery } from './record-delivery.ts';
import type { PartitionFeed } from './partition-feed.ts';

/** Most records of one partition that are handed over before the next partition. */
const QUANTUM = 64;
/** A partition may hold at most this multiple of the free part of the window. */
const SHARE = 4;

/** Is notified of feeds while they are read. */
export interface FairReaderOwner {
  /** A batch of the feed cannot be read. */
  unreadable(feed: PartitionFeed, thrown: unknown): void;
  /** Some feed needs a fetch. */
  needsFetch(): void;
  isLow(feed: PartitionFeed): boolean;
  /** How many records more may be handed over, beside so many that are unsettled. 0: none until the next `wake`. */
  room(unsettled: number): number;
}

/**
 * Hands over the records of the feeds, round robin and within the window. A partition that settles nothing comes to hold a
 * share of the window and no more: with `SHARE` of 4, one holds four fifths, two four ninths each, and a part is always
 * left for the others. One reader at a time.
 */
export class FairReader {
  readonly #window: Demand;
  readonly #owner: FairReaderOwner;
  #feeds: readonly PartitionFeed[] = [];
  #current = 0;
  #unsettled = 0;
  #unsettledBytes = 0;
  readonly #wake = new Signal();

  constructor(window: Demand, owner: FairReaderOwner) {
    this.#window = window;
    this.#owner = owner;
  }

  /** The feeds to read from now on. */
  serve(feeds: readonly PartitionFeed[]): void {
    this.#feeds = feeds;
    this.wake();
  }

  /** Something came, or was settled. */
  wake(): void {
    this.#wake.now();
  }

  settled({ bytes }: RecordDelivery): void {
    this.#unsettled -= 1;
    this.#unsettledBytes -= bytes;
    this.wake();
  }

  async read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    while (!signal.aborted) {
      const taken = this.#take(room);
      if (taken.length > 0) return taken;
      await this.#wake.wait(signal);
    }
    return [];
  }

  #take(room: Demand): RecordDelivery[] {
    const taken: RecordDelivery[] = [];
    let left = room.bytes;
    const allowed = Math.min(room.messages, this.#owner.room(this.#unsettled));
    let idle = 0;
    while (idle < this.#feeds.length) {
      this.#current = (this.#current + 1) % this.#feeds.length;
      const feed = this.#feeds[this.#current];
      if (feed === undefined) break;
      const wasLow = this.#owner.isLow(feed);
      const before = taken.length;
      const most = Math.min(allowed, before + Math.min(QUANTUM, this.#share(feed)));
      while (taken.length < most) {
        const record = this.#peek(feed);
        if (record === undefined) break;
        // A first record that is larger than the demand goes alone, or it would never go.
        if (taken.length > 0 && record.bytes > left) return taken;
        if (this.#unsettled > 0 && this.#unsettledBytes + record.bytes > this.#window.bytes) return taken;
        feed.take();
        taken.push(record);
        left -= record.bytes;
        this.#unsettled += 1;
        this.#unsettledBytes += record.bytes;
      }
      if (!wasLow && this.#owner.isLow(feed)) this.#owner.needsFetch();
      idle = taken.length === before ? idle + 1 : 0;
    }
    return taken;
  }

  #peek(feed: PartitionFeed): RecordDelivery | undefined {
    try {
      return feed.peek();
    } catch (thrown) {
      this.#owner.unreadable(feed, thrown);
      return undefined;
    }
  }

  #share(feed: PartitionFeed): number {
    if (this.#feeds.length === 1) return this.#window.messages;
    const share = SHARE * (this.#window.messages - this.#unsettled);
    return Math.max(this.#unsettled === 0 ? 1 : 0, share - feed.unsettled);
  }
}
