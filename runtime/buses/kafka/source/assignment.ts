import type { Delivery } from '#contract/delivery.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand } from '#contract/source.ts';
import { EARLIEST, LATEST, type Partitions } from '../kafka-client.ts';
import type { Link } from '../link.ts';
import { listOffsets } from '../list-offsets.ts';
import type { AssignmentListener, AssignmentSettings } from './assignment-settings.ts';
import { CommitCount } from './commit-count.ts';
import { commitOf, settledBeyond, type SourceCommit } from './commit-places.ts';
import { FairReader } from './fair-reader.ts';
import { FetchLoops } from './fetch-loops.ts';
import type { GroupMember } from './group-member.ts';
import { reportForeign, reportOverflow } from './commit-notices.ts';
import { reportCutOff, reportDeleted, reportReplaced, reportUnreadable } from './loss-reports.ts';
import { type FeedPlace, PartitionFeed } from './partition-feed.ts';
import type { RecordDelivery } from './record-delivery.ts';
import { type AssignedPartition, startOffsets } from './start-offsets.ts';
import { SettledCheckpoint } from './settled-checkpoint.ts';
import { TopicWatch } from './topic-watch.ts';

const UNREADABLE_MS = 5000;
const UNSETTLED_MS = 5000;
const REFETCH_MS = 200;
/**
 * The engine keeps what is settled until the group has it, where it waits for that: at this many nothing more is handed over. Far
 * above what is settled between two commits, so that it counts only while commits fail.
 */
const MAX_UNCONFIRMED = 65_536;
/** Another process had one window in flight and gave others between, and it may have sent some before its last commit. */
const UNSURE_WINDOWS = 16;

/** The assigned partitions: fetches them, hands their records over, and tracks the settlements. */
export class Assignment {
  readonly #link: Link;
  readonly #settings: AssignmentSettings;
  readonly #note: NoteOddity;
  /** By name. Changed here alone. */
  readonly feeds = new Map<string, PartitionFeed>();
  readonly #reader: FairReader;
  readonly #commits = new CommitCount();
  readonly #settledCheckpoint: SettledCheckpoint;
  #maxMetadataBytes: number;
  #loops: FetchLoops | undefined;
  #listener: AssignmentListener | undefined;
  #drained: (() => void) | undefined;
  /** Settled records that found no room in the last commit. */
  #omitted = 0;
  #areLeadersUnknown = false;
  /** Servers learn of a change one after the other: leaders are looked up for a while. */
  #findLeadersUntilMs = 0;
  readonly #topicWatch: TopicWatch;
  #checking: Promise<void> | undefined;

  constructor(link: Link, settings: AssignmentSettings) {
    this.#link = link;
    this.#settings = settings;
    this.#maxMetadataBytes = settings.maxMetadataBytes;
    this.#note = oddityNotes(link.context);
    this.#topicWatch = new TopicWatch(link.client, settings.identity);
    const { group, checkpoint } = settings;
    const saved = { group, checkpoint, window: settings.window.messages };
    this.#settledCheckpoint = new SettledCheckpoint(saved, {
      feeds: this.feeds,
      tagOf: (topic) => this.#topicWatch.tagOf(topic),
      wake: () => this.#reader.wake(),
    });
    this.#reader = new FairReader(settings.window, {
      unreadable: (feed, thrown) => this.#unreadable(feed, thrown),
      needsFetch: () => this.#loops?.wake(),
      isLow: (feed) => this.#loops?.isLow(feed) ?? false,
      room: (unsettled) =>
        settings.isFenced && this.#commits.unconfirmed >= MAX_UNCONFIRMED ? 0 : this.#settledCheckpoint.room(unsettled),
    });
  }

  listen(listener: AssignmentListener): void {
    this.#listener = listener;
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#reader.read(room, signal);
  }

  /** Reads these partitions from now on. Those that were read before go on where they were. */
  async begin(member: GroupMember, partitions: Partitions): Promise<void> {
    await this.#topicWatch.add(partitions.keys());
    const assigned = await this.#withOffsets(member, partitions);
    const names = new Set(assigned.map(({ topic, partition }) => `${topic}/${partition}`));
    for (const name of this.feeds.keys()) if (!names.has(name)) this.#giveUp(name);
    const readBefore = new Set(assigned.filter(({ offset }) => offset >= 0).map(({ topic }) => topic));
    const uncommitted = assigned.filter(({ offset }) => offset < 0);
    // The server deletes the group's offsets with a topic. A topic created since under that name is read from its beginning.
    const replaced = this.#topicWatch.replacedBefore(uncommitted.map(({ topic }) => topic));
    for (const topic of replaced) readBefore.add(topic);
    const begun = await startOffsets(this.#link, uncommitted, readBefore, this.#settings.start);
    // A partition that begins at the end of its log would begin further back or ahead after a restart: so the offset is committed.
    if (begun.length > 0) await member.commit(begun);
    for (const place of [...assigned.filter(({ offset }) => offset >= 0), ...begun]) this.#resume(place);
    await this.#checkTopics();
    for (const topic of replaced) reportReplaced(this.#link, topic);
    for (const place of begun)
      reportDeleted(this.#link, place, place.lost, 'start asks for offsets that retention has deleted');
    this.#loops = this.#makeLoops();
    this.#loops.run();
    this.#reader.serve([...this.feeds.values()]);
  }

  /** Hands nothing over and fetches nothing until the next `begin`. */
  pause(): void {
    this.#loops?.end();
    this.#loops = undefined;
    this.#reader.serve([]);
  }

  /** Resolves when every record that was handed over is settled. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#checkDrained();
    });
  }

  /** Whether a message waits for a commit. */
  get isAwaited(): boolean {
    return this.#commits.isAwaited;
  }

  /** Begins a commit of what is settled by now. */
  beginCommit(): SourceCommit {
    const tagOf = (topic: string): string => this.#topicWatch.tagOf(topic);
    const commit = commitOf(this.#commits.begin(), this.feeds.values(), tagOf, this.#maxMetadataBytes);
    if (commit.places.length > 0) this.#settledCheckpoint.write();
    return commit;
  }

  /** The group has it. */
  committed({ number, places, omitted }: SourceCommit): void {
    for (const { feed, version, ...commit } of places) feed.commits.confirmed(commit, version);
    this.#commits.confirm(number);
    this.#reader.wake();
    this.#omitted = omitted;
    if (omitted > 0) reportOverflow(this.#link, omitted);
  }

  /** The last commit is over. */
  endCheckpoint(): void {
    if (this.#omitted === 0) this.#settledCheckpoint.end();
  }

  /** The server takes less metadata: from now on the settled offsets that find no room are left out. False: there was none. */
  halveMetadata(): boolean {
    const hadAny = this.#maxMetadataBytes > 0;
    this.#maxMetadataBytes = Math.floor(this.#maxMetadataBytes / 2);
    return hadAny;
  }

  /**
   * Other processes may have the partitions: nothing that is under way may be sent any more, and each is read anew once it is
   * assigned again. Has no effect where the engine does not ask.
   */
  revoke(): void {
    if (!this.#settings.isFenced) return;
    this.pause();
    for (const feed of this.feeds.values()) feed.revoke();
    this.feeds.clear();
    this.#commits.release();
    // Nothing that is under way counts any more.
    this.#checkDrained();
  }

  /** Whether a partition has no known leader, the last lookup failed, or a leader has just changed or is slow. */
  get needsLeaders(): boolean {
    if (this.#areLeadersUnknown || performance.now() < this.#findLeadersUntilMs || this.#loops?.isSlow === true)
      return true;
    for (const { leader } of this.feeds.values()) if (leader < 0) return true;
    return false;
  }

  /** Nothing is fetched, and no failure explains it. */
  get isStuck(): boolean {
    return this.#loops?.isStuck === true;
  }

  /** Looks up the leaders of the partitions. Never rejects: a failure is notified. */
  async findLeaders(): Promise<void> {
    try {
      await this.#updateLeaders();
      this.#areLeadersUnknown = false;
      this.#listener?.succeeded('leaders');
    } catch (thrown) {
      // The next fetch may succeed all the same: without another lookup the failure would stay, and readiness red.
      this.#areLeadersUnknown = true;
      this.#listener?.failed('leaders', thrown);
    }
  }

  get #topics(): readonly string[] {
    return [...new Set([...this.feeds.values()].map((feed) => feed.topic))];
  }

  #checkTopics(): Promise<void> {
    const compare = (): Promise<void> =>
      this.#topicWatch.compare(this.#topics, (topic, tag) => this.#replaced(topic, tag));
    return (this.#checking ??= compare().finally(() => (this.#checking = undefined)));
  }

  async #replaced(topic: string, tag: string): Promise<void> {
    const feeds = [...this.feeds.values()].filter((feed) => feed.topic === topic);
    const lows = await listOffsets(this.#link, feeds, EARLIEST);
    for (const feed of feeds) {
      const low = lows.find(({ partition }) => partition === feed.partition)?.offset ?? 0;
      const why = 'the topic was made anew, and what was not read of the one before is gone';
      this.#readAnew(feed, { offset: low, tag }, why);
    }
  }

  async #updateLeaders(): Promise<void> {
    for (const topic of this.#topics) {
      const partitions = await this.#link.partitions(topic);
      for (const { partition, leader } of partitions) {
        const feed = this.feeds.get(`${topic}/${partition}`);
        if (feed !== undefined) feed.leader = leader;
      }
    }
    await this.#checkTopics();
    for (const feed of this.feeds.values()) {
      if (feed.waitUntilMs === Number.POSITIVE_INFINITY) feed.waitUntilMs = performance.now() + REFETCH_MS;
    }
    this.#loops?.run();
  }

  async #withOffsets(member: GroupMember, partitions: Partitions): Promise<readonly AssignedPartition[]> {
    const committed = await member.committed(partitions);
    const assigned: AssignedPartition[] = [];
    for (const topic of partitions.keys()) {
      const known = await this.#link.partitions(topic);
      for (const place of committed) {
        if (place.topic !== topic) continue;
        assigned.push({ ...place, leader: known.find(({ partition }) => partition === place.partition)?.leader ?? -1 });
      }
    }
    return assigned;
  }

  #giveUp(name: string): void {
    this.feeds.get(name)?.revoke();
    this.feeds.delete(name);
  }

  #resume(place: AssignedPartition): void {
    const { topic, partition, offset } = place;
    let feed = this.feeds.get(`${topic}/${partition}`);
    if (feed === undefined || !feed.goesOn(place, this.#settings.isFenced)) {
      feed?.revoke();
      const tag = this.#topicWatch.tagOf(topic);
      const settled = this.#settledCheckpoint.settledSince(place, tag) ?? settledBeyond(place, tag);
      if (settled === 'foreign') reportForeign(this.#link, place);
      feed = this.#feed({
        topic,
        partition,
        offset,
        committed: offset,
        tag,
        settled: typeof settled === 'string' ? undefined : settled,
        repeats: this.#settings.window.messages * UNSURE_WINDOWS,
      });
    }
    feed.commits.read(place);
    feed.leader = place.leader;
  }

  #feed(place: FeedPlace): PartitionFeed {
    const feed = new PartitionFeed(place, this.#settings.isOneLane, {
      note: this.#note,
      commits: this.#commits,
      awaitCommit: (number) => this.#awaitCommit(number),
      checkSession: () => {
        if (this.#settings.isFenced) this.#listener?.checkSession();
      },
      settled: (owner, record) => this.#settled(owner, record),
      passed: (owner) => this.#moved(owner),
    });
    this.feeds.set(feed.name, feed);
    return feed;
  }

  #awaitCommit(number: number): Promise<void> {
    this.#listener?.awaited();
    return this.#commits.whenConfirmed(number);
  }

  #settled(feed: PartitionFeed, record: RecordDelivery): void {
    this.#settledCheckpoint.settled();
    this.#reader.settled(record);
    if (this.#moved(feed)) this.#checkDrained();
  }

  /** Invariant 2: nothing is committed of a partition that is no longer assigned. False there. */
  #moved(feed: PartitionFeed): boolean {
    const isAssigned = this.feeds.get(feed.name) === feed;
    if (isAssigned) this.#listener?.moved(this.#commits.unsent >= this.#settings.window.messages);
    return isAssigned;
  }

  #checkDrained(): void {
    for (const feed of this.feeds.values()) if (feed.unsettled > 0) return;
    this.#drained?.();
    this.#drained = undefined;
  }

  #makeLoops(): FetchLoops {
    return new FetchLoops(this.#link, this.feeds, this.#settings.maxBytesPerPartition, {
      arrived: () => this.#reader.wake(),
      serverFailed: (server, thrown) => this.#listener?.failed(`server ${server}`, thrown),
      serverAnswered: (server) => this.#listener?.succeeded(`server ${server}`),
      outOfRange: (feed) => this.#relocate(feed).catch((thrown: unknown) => this.#refused(feed, thrown)),
      leadersChanged: () => {
        this.#findLeadersUntilMs = performance.now() + UNSETTLED_MS;
        return this.findLeaders();
      },
      refused: (feed, thrown) => this.#refused(feed, thrown),
      fetched: (feed) => this.#listener?.succeeded(feed.name),
    });
  }

  /** The log has no such offset: its beginning was deleted, or its end is lost. */
  async #relocate(feed: PartitionFeed): Promise<void> {
    await this.#checkTopics();
    if (this.feeds.get(feed.name) !== feed) return;
    const { topic, fetchOffset } = feed;
    const [low, end] = await Promise.all(
      [EARLIEST, LATEST].map(async (time) => (await listOffsets(this.#link, [feed], time))[0]?.offset ?? -1),
    );
    if (low === undefined || end === undefined || low < 0) return;
    if (fetchOffset < low) {
      reportDeleted(this.#link, feed, low - fetchOffset, 'retention deleted them before they were read');
      feed.skipTo(low);
    } else if (fetchOffset > end) {
      const why = `it ends at offset ${end}, and ${fetchOffset} was read up to: it was made anew, or its server lost its end`;
      // The rest of this log was read under its own tag, and may be another log where the server has no ids.
      const tag = `${this.#topicWatch.tagOf(topic)}@${Date.now().toString(36)}`;
      this.#readAnew(feed, { offset: low, tag }, why);
    }
  }

  #readAnew(feed: PartitionFeed, { offset, tag }: Pick<FeedPlace, 'offset' | 'tag'>, why: string): void {
    reportCutOff(this.#link, feed, why);
    const { topic, partition } = feed;
    feed.replace();
    const other = this.#feed({ topic, partition, offset, committed: -1, tag });
    other.leader = feed.leader;
    // During a rebalance nothing is handed over.
    if (this.#loops !== undefined) this.#reader.serve([...this.feeds.values()]);
  }

  #refused(feed: PartitionFeed, thrown: unknown): void {
    if (thrown instanceof RangeError) this.#unreadable(feed, thrown);
    else this.#listener?.failed(feed.name, this.#link.errorOf(thrown, feed.name));
  }

  #unreadable(feed: PartitionFeed, thrown: unknown): void {
    feed.waitUntilMs = performance.now() + UNREADABLE_MS;
    feed.rewind();
    reportUnreadable(this.#link, feed, thrown);
  }
}
