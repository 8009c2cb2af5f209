import { backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import type { Fetched, FetchLimits } from '../kafka-client.ts';
import type { KafkaError } from '../kafka-error.ts';
import type { Link } from '../link.ts';
import type { PartitionFeed } from './partition-feed.ts';
import { splitBatches } from '../records/stored-batch.ts';

const RETRY = { firstMs: 50, capMs: 2000 };
const WAIT_MS = 500;
/** While some partitions need nothing yet: a request that is open delays the next one. */
const SHORT_WAIT_MS = 20;
const MAX_BYTES = 8 * 1024 * 1024;
/** Kept ready over all partitions; a partition with nothing ready is fetched even above it. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
/** Longer than a server may wait with its answer. */
const SLOW_MS = 3000;
const STUCK_MS = 30_000;
const REFUSED_WAIT_MS = 5000;

/** Decides what the loops cannot. None of these throws. */
export interface FetchOwner {
  /** Records came. */
  arrived(): void;
  /** A request to a server failed, or succeeded again. */
  serverFailed(server: string, thrown: unknown): void;
  serverAnswered(server: string): void;
  /** The log has no such offset. Resolves when the feed has another one. */
  outOfRange(feed: PartitionFeed): Promise<void>;
  /** Leaders may have changed and must be looked up. */
  leadersChanged(): Promise<void>;
  /** A fetch of the feed succeeded. */
  fetched(feed: PartitionFeed): void;
  /** The server refused a fetch of the feed. */
  refused(feed: PartitionFeed, thrown: unknown): void;
}

/** Fetches from every server, one request after the other, the partitions that it leads and that have little ready. */
export class FetchLoops {
  readonly #link: Link;
  readonly #feeds: ReadonlyMap<string, PartitionFeed>;
  readonly #owner: FetchOwner;
  readonly #maxBytesPerPartition: number;
  readonly #ended = new AbortController();
  readonly #running = new Set<number>();
  /** When each loop that is not idle began its round. */
  readonly #rounds = new Map<number, number>();
  /** Servers with an open request, and since when. */
  readonly #asking = new Map<number, number>();
  #wake = Promise.withResolvers<void>();

  constructor(link: Link, feeds: ReadonlyMap<string, PartitionFeed>, maxBytesPerPartition: number, owner: FetchOwner) {
    this.#link = link;
    this.#feeds = feeds;
    this.#owner = owner;
    this.#maxBytesPerPartition = maxBytesPerPartition;
  }

  /** Starts the missing loops: one for each server that leads one of the feeds. */
  run(): void {
    for (const { leader } of this.#feeds.values()) {
      if (leader < 0 || this.#running.has(leader) || this.#ended.signal.aborted) continue;
      this.#running.add(leader);
      void this.#loop(leader);
    }
    this.wake();
  }

  /** An answer takes longer than it should: other servers may lead its partitions by now. */
  get isSlow(): boolean {
    const nowMs = performance.now();
    return [...this.#asking.values()].some((sinceMs) => nowMs - sinceMs > SLOW_MS);
  }

  /** A loop is neither idle nor in a request, for longer than any of its waits may take. */
  get isStuck(): boolean {
    const nowMs = performance.now();
    return [...this.#rounds].some(([leader, sinceMs]) => nowMs - sinceMs > STUCK_MS && !this.#asking.has(leader));
  }

  /** Some partition may need a fetch now. */
  wake(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Late answers are dropped. */
  end(): void {
    this.#ended.abort();
    this.wake();
  }

  isLow(feed: PartitionFeed): boolean {
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
      const due = led.filter(
        (feed) => feed.waitUntilMs <= nowMs && this.isLow(feed) && (room > 0 || feed.bufferedBytes === 0),
      );
      const resting = led.filter((feed) => feed.waitUntilMs > nowMs);
      this.#rounds.set(leader, nowMs);
      if (due.length === 0) {
        this.#rounds.delete(leader);
        const restMs = Math.min(...resting.map((feed) => feed.waitUntilMs - nowMs));
        await Promise.race(Number.isFinite(restMs) ? [woken, pause(restMs + 1, signal)] : [woken]);
        continue;
      }
      const waitMs = due.length === led.length ? WAIT_MS : SHORT_WAIT_MS;
      try {
        await this.#fetch(leader, due, {
          waitMs,
          maxBytes: MAX_BYTES,
          maxBytesPerPartition: this.#maxBytesPerPartition,
        });
        failures = 0;
        this.#owner.serverAnswered(String(leader));
      } catch (thrown) {
        if (signal.aborted) break;
        failures += 1;
        this.#owner.serverFailed(String(leader), thrown);
        await pause(backoffMs(RETRY, failures), signal);
        if (!signal.aborted) await this.#owner.leadersChanged();
      }
    }
    this.#running.delete(leader);
    this.#rounds.delete(leader);
    // Nothing is fetched from it any more, so its failure is no problem.
    this.#owner.serverAnswered(String(leader));
  }

  async #fetch(leader: number, feeds: readonly PartitionFeed[], limits: FetchLimits): Promise<void> {
    // In another order each time: the first partitions of a request fill the answer first.
    const first = Math.floor(Math.random() * feeds.length);
    const wanted = [...feeds.slice(first), ...feeds.slice(0, first)].map((feed) => ({
      topic: feed.topic,
      partition: feed.partition,
      offset: feed.fetchOffset,
    }));
    this.#asking.set(leader, performance.now());
    const { client } = this.#link;
    const answers = await client
      .connect(leader)
      .then(() => client.fetch(leader, wanted, limits))
      .finally(() => {
        this.#asking.delete(leader);
        this.#rounds.set(leader, performance.now());
      });
    if (this.#ended.signal.aborted) return;
    let hasMoved = false;
    for (const [index, feed] of feeds.entries()) {
      const asked = wanted[(index - first + feeds.length) % feeds.length];
      const answer = answers.find((one) => one.topic === feed.topic && one.partition === feed.partition);
      // Its offset may have changed meanwhile.
      if (answer === undefined || asked?.offset !== feed.fetchOffset) continue;
      if (this.#feeds.get(feed.name) !== feed) continue;
      if (answer.error === undefined) this.#take(feed, answer);
      else hasMoved = (await this.#failed(feed, answer.error)) || hasMoved;
    }
    this.#owner.arrived();
    if (hasMoved) await this.#owner.leadersChanged();
  }

  #take(feed: PartitionFeed, { records, aborted, highWatermark }: Fetched): void {
    this.#owner.fetched(feed);
    feed.reachesTo(highWatermark);
    if (records.length === 0) return;
    try {
      feed.add(splitBatches(records, aborted));
    } catch (thrown) {
      feed.waitUntilMs = performance.now() + REFUSED_WAIT_MS;
      this.#owner.refused(feed, thrown);
    }
  }

  /** True when another server may lead it. */
  async #failed(feed: PartitionFeed, error: KafkaError): Promise<boolean> {
    switch (error.type ?? '') {
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
        // Until its leader is known, and that the topic is the same: another topic of that name has other messages at the offset.
        feed.waitUntilMs = Number.POSITIVE_INFINITY;
        return true;
      default:
        feed.waitUntilMs = performance.now() + REFUSED_WAIT_MS;
        this.#owner.refused(feed, error);
        return false;
    }
  }
}
