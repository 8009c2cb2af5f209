import errors from 'kafkajs/src/protocol/error.js';
import { backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import { fetch, type Fetched, type FetchLimits } from '../client/fetch.ts';
import type { Link } from '../link.ts';
import type { PartitionFeed } from './partition-feed.ts';
import { splitBatches } from '../records/stored-batch.ts';

const RETRY = { firstMs: 50, capMs: 2000 };
const WAIT_MS = 500;
/** While some partitions need nothing and may soon: an answer that is awaited holds up the next request. */
const SHORT_WAIT_MS = 20;
const MAX_BYTES = 8 * 1024 * 1024;
/** Kept ready over all partitions; one that has nothing is asked for all the same. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
/** Beyond what a server may wait with its answer. */
const SLOW_MS = 3000;
const STUCK_MS = 30_000;
const TROUBLED_MS = 5000;

/** What the loops cannot decide. None of these throws. */
export interface FetchOwner {
  /** Something came. */
  arrived(): void;
  /** A server could not be asked, or could again. */
  away(server: string, thrown: unknown): void;
  back(server: string): void;
  /** The server has nothing at the place where the feed stands. Resolves when the feed stands elsewhere. */
  outOfRange(feed: PartitionFeed): Promise<void>;
  /** Who leads the feeds must be asked anew. */
  moved(): Promise<void>;
  /** The server gave what it has of it. */
  given(feed: PartitionFeed): void;
  /** The server will not, and says why. */
  refused(feed: PartitionFeed, thrown: unknown): void;
}

/** Asks every server, one request after the other, for the partitions that it leads and that have little left. */
export class FetchLoops {
  readonly #link: Link;
  readonly #feeds: ReadonlyMap<string, PartitionFeed>;
  readonly #owner: FetchOwner;
  readonly #maxBytesPerPartition: number;
  readonly #ended = new AbortController();
  readonly #running = new Set<number>();
  /** When each loop that does not rest began its round. */
  readonly #rounds = new Map<number, number>();
  /** Servers that owe an answer, and since when. */
  readonly #asking = new Map<number, number>();
  #wake = Promise.withResolvers<void>();

  constructor(link: Link, feeds: ReadonlyMap<string, PartitionFeed>, maxBytesPerPartition: number, owner: FetchOwner) {
    this.#link = link;
    this.#feeds = feeds;
    this.#owner = owner;
    this.#maxBytesPerPartition = maxBytesPerPartition;
  }

  /** Starts what is missing: a loop for each server that leads one of the feeds. */
  run(): void {
    for (const { leader } of this.#feeds.values()) {
      if (leader < 0 || this.#running.has(leader) || this.#ended.signal.aborted) continue;
      this.#running.add(leader);
      void this.#loop(leader);
    }
    this.wake();
  }

  /** A server owes an answer for longer than it should: others may lead its partitions by now. */
  get isSlow(): boolean {
    const nowMs = performance.now();
    return [...this.#asking.values()].some((sinceMs) => nowMs - sinceMs > SLOW_MS);
  }

  /** A loop neither rests nor asks: it waits for longer than anything that it waits for may take. */
  get isStuck(): boolean {
    const nowMs = performance.now();
    return [...this.#rounds].some(([leader, sinceMs]) => nowMs - sinceMs > STUCK_MS && !this.#asking.has(leader));
  }

  /** Some partition may have little left now. */
  wake(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** What is still answered is not heard. */
  end(): void {
    this.#ended.abort();
    this.wake();
  }

  isHungry(feed: PartitionFeed): boolean {
    return feed.bufferedBytes < this.#maxBytesPerPartition;
  }

  async #loop(leader: number): Promise<void> {
    const { signal } = this.#ended;
    let failures = 0;
    while (!signal.aborted) {
      const woken = this.#wake.promise;
      const led = [...this.#feeds.values()].filter((feed) => feed.leader === leader);
      if (led.length === 0) break;
      const nowMs = performance.now();
      const room = MAX_BUFFERED_BYTES - [...this.#feeds.values()].reduce((sum, feed) => sum + feed.bufferedBytes, 0);
      const asked = led.filter(
        (feed) => feed.waitUntilMs <= nowMs && this.isHungry(feed) && (room > 0 || feed.bufferedBytes === 0),
      );
      const resting = led.filter((feed) => feed.waitUntilMs > nowMs);
      this.#rounds.set(leader, nowMs);
      if (asked.length === 0) {
        this.#rounds.delete(leader);
        const restMs = Math.min(...resting.map((feed) => feed.waitUntilMs - nowMs));
        await Promise.race(Number.isFinite(restMs) ? [woken, pause(restMs + 1, signal)] : [woken]);
        continue;
      }
      const waitMs = asked.length === led.length ? WAIT_MS : SHORT_WAIT_MS;
      try {
        await this.#ask(leader, asked, {
          waitMs,
          maxBytes: MAX_BYTES,
          maxBytesPerPartition: this.#maxBytesPerPartition,
        });
        failures = 0;
        this.#owner.back(String(leader));
      } catch (thrown) {
        if (signal.aborted) break;
        failures += 1;
        this.#owner.away(String(leader), thrown);
        await pause(backoffMs(RETRY, failures), signal);
        if (!signal.aborted) await this.#owner.moved();
      }
    }
    this.#running.delete(leader);
    this.#rounds.delete(leader);
    // Nothing is wanted of it any more, so that it is away is no trouble.
    this.#owner.back(String(leader));
  }

  async #ask(leader: number, feeds: readonly PartitionFeed[], limits: FetchLimits): Promise<void> {
    // In another order each time: the first ones of a request fill the answer first.
    const first = Math.floor(Math.random() * feeds.length);
    const wanted = [...feeds.slice(first), ...feeds.slice(0, first)].map((feed) => ({
      topic: feed.topic,
      partition: feed.partition,
      offset: feed.fetchOffset,
    }));
    this.#asking.set(leader, performance.now());
    const { errorCode, fetched } = await this.#link
      .broker(leader)
      .then(({ connectionPool }) => connectionPool.send(fetch(wanted, limits)))
      .finally(() => {
        this.#asking.delete(leader);
        this.#rounds.set(leader, performance.now());
      });
    if (errorCode !== 0) throw errors.createErrorFromCode(errorCode);
    if (this.#ended.signal.aborted) return;
    let hasMoved = false;
    for (const [index, feed] of feeds.entries()) {
      const asked = wanted[(index - first + feeds.length) % feeds.length];
      const answer = fetched.find((one) => one.topic === feed.topic && one.partition === feed.partition);
      // It may stand elsewhere by now.
      if (answer === undefined || asked?.offset !== feed.fetchOffset) continue;
      if (this.#feeds.get(feed.name) !== feed) continue;
      if (answer.errorCode === 0) this.#take(feed, answer);
      else hasMoved = (await this.#failed(feed, answer)) || hasMoved;
    }
    this.#owner.arrived();
    if (hasMoved) await this.#owner.moved();
  }

  #take(feed: PartitionFeed, { records, aborted, highWatermark }: Fetched): void {
    this.#owner.given(feed);
    feed.endsAt(highWatermark);
    if (records.length === 0) return;
    try {
      feed.add(splitBatches(records, aborted));
    } catch (thrown) {
      feed.waitUntilMs = performance.now() + TROUBLED_MS;
      this.#owner.refused(feed, thrown);
    }
  }

  /** True when somebody else may lead it. */
  async #failed(feed: PartitionFeed, { errorCode }: Fetched): Promise<boolean> {
    const error = errors.createErrorFromCode(errorCode);
    switch (error.type) {
      case 'OFFSET_OUT_OF_RANGE':
        await this.#owner.outOfRange(feed);
        return false;
      case 'UNKNOWN_TOPIC_OR_PARTITION':
      case 'LEADER_NOT_AVAILABLE':
      case 'NOT_LEADER_FOR_PARTITION':
      case 'REPLICA_NOT_AVAILABLE':
      case 'FENCED_LEADER_EPOCH':
      case 'UNKNOWN_LEADER_EPOCH':
      case 'KAFKA_STORAGE_ERROR':
      case 'OFFSET_NOT_AVAILABLE':
        // Until it is known who leads it, and that it is no other topic of that name: that has other messages at the same offset.
        feed.waitUntilMs = Number.POSITIVE_INFINITY;
        return true;
      default:
        feed.waitUntilMs = performance.now() + TROUBLED_MS;
        this.#owner.refused(feed, error);
        return false;
    }
  }
}
