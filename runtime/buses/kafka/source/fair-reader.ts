import type { Delivery } from '#contract/delivery.ts';
import type { Demand } from '#contract/source.ts';
import { Signal } from '#kit/signal.ts';
import type { HeldRecord } from './record-delivery.ts';
import type { PartitionFeed } from './partition-feed.ts';

/** So many records of one partition are handed over before the next has its turn. */
const QUANTUM = 64;
/** A partition may hold so many times what is left of the window. */
const SHARE = 4;

/** What happens to feeds while they are read. */
export interface TurnsOwner {
  /** A batch of it cannot be read, and why. */
  unreadable(feed: PartitionFeed, thrown: unknown): void;
  /** Some feed has little left. */
  hungry(): void;
  isHungry(feed: PartitionFeed): boolean;
}

/**
 * Hands over what the feeds have, in turn and within the window. A partition that settles nothing comes to hold a share of
 * the window and no more: with `SHARE` of 4, one holds four fifths, two four ninths each, and something is always
 * left for the others. One reader at a time.
 */
export class ReadTurns {
  readonly #window: Demand;
  readonly #owner: TurnsOwner;
  #feeds: readonly PartitionFeed[] = [];
  #turn = 0;
  #unsettled = 0;
  #unsettledBytes = 0;
  readonly #wake = new Signal();

  constructor(window: Demand, owner: TurnsOwner) {
    this.#window = window;
    this.#owner = owner;
  }

  /** From now on these. */
  serve(feeds: readonly PartitionFeed[]): void {
    this.#feeds = feeds;
    this.wake();
  }

  /** Something came, or was settled. */
  wake(): void {
    this.#wake.now();
  }

  settled({ bytes }: HeldRecord): void {
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

  #take(room: Demand): HeldRecord[] {
    const taken: HeldRecord[] = [];
    let left = room.bytes;
    let idle = 0;
    while (idle < this.#feeds.length) {
      this.#turn = (this.#turn + 1) % this.#feeds.length;
      const feed = this.#feeds[this.#turn];
      if (feed === undefined) break;
      const wasHungry = this.#owner.isHungry(feed);
      const before = taken.length;
      const most = Math.min(room.messages, before + Math.min(QUANTUM, this.#share(feed)));
      while (taken.length < most && this.#unsettled < this.#window.messages) {
        const record = this.#peek(feed);
        if (record === undefined) break;
        // A first one that is too large for all of it goes alone rather than never.
        if (taken.length > 0 && record.bytes > left) return taken;
        if (this.#unsettled > 0 && this.#unsettledBytes + record.bytes > this.#window.bytes) return taken;
        feed.take();
        taken.push(record);
        left -= record.bytes;
        this.#unsettled += 1;
        this.#unsettledBytes += record.bytes;
      }
      if (!wasHungry && this.#owner.isHungry(feed)) this.#owner.hungry();
      idle = taken.length === before ? idle + 1 : 0;
    }
    return taken;
  }

  #peek(feed: PartitionFeed): HeldRecord | undefined {
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
