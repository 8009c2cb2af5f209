import type { Delivery } from '#contract/delivery.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand } from '#contract/source.ts';
import { type Beginning, beginnings, type Ours } from './beginnings.ts';
import { FetchLoops } from './fetch-loops.ts';
import type { Committed, GroupMember, Partitions } from './group-member.ts';
import type { HeldRecord } from './held-record.ts';
import type { Link } from './link.ts';
import { EARLIEST, LATEST, offsetsAt } from './offsets.ts';
import type { Start } from './options.ts';
import { type FeedPlace, PartitionFeed } from './partition-feed.ts';
import { ReadTurns } from './read-turns.ts';
import type { StaticMember } from './static-member.ts';
import { TopicWatch } from './topic-watch.ts';

const UNREADABLE_MS = 5000;
const LOOK_MS = 5000;
const MOVED_MS = 200;

export interface AssignmentSettings {
  readonly window: Demand;
  readonly start: Start;
  readonly isOneLane: boolean;
  readonly maxBytesPerPartition: number;
  /** Keeps over restarts which topics were read. */
  readonly identity: Pick<StaticMember, 'readOther' | 'reads'>;
}

/** What the membership hears of the partitions that are ours. */
export interface AssignmentListener {
  /** There is something to commit. */
  moved(): void;
  trouble(what: string, thrown: unknown): void;
  fine(what: string): void;
}

/** The partitions that are ours: fetched, handed over in turn, and accounted for. */
export class Assignment {
  readonly #link: Link;
  readonly #settings: AssignmentSettings;
  readonly #note: NoteOddity;
  readonly #feeds = new Map<string, PartitionFeed>();
  readonly #turns: ReadTurns;
  #loops: FetchLoops | undefined;
  #listener: AssignmentListener = { moved: () => {}, trouble: () => {}, fine: () => {} };
  #drained: (() => void) | undefined;
  #leadersInDoubt = false;
  /** Servers hear of a change one after the other: it is looked for some while. */
  #lookUntilMs = 0;
  readonly #topicWatch: TopicWatch;
  #checking: Promise<void> | undefined;

  constructor(link: Link, settings: AssignmentSettings) {
    this.#link = link;
    this.#settings = settings;
    this.#note = oddityNotes(link.context);
    this.#topicWatch = new TopicWatch(link, settings.identity);
    this.#turns = new ReadTurns(settings.window, {
      unreadable: (feed, thrown) => this.#unreadable(feed, thrown),
      hungry: () => this.#loops?.wake(),
      isHungry: (feed) => this.#loops?.isHungry(feed) ?? false,
    });
  }

  listen(listener: AssignmentListener): void {
    this.#listener = listener;
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#turns.read(room, signal);
  }

  /** Takes over what the group gave us and hands it over from now on. What we held of it before goes on where it was. */
  async begin(member: GroupMember, partitions: Partitions): Promise<void> {
    await this.#topicWatch.meet(partitions.keys());
    const ours = await this.#places(member, partitions);
    const names = new Set(ours.map(({ topic, partition }) => `${topic}/${partition}`));
    for (const name of this.#feeds.keys()) if (!names.has(name)) this.#feeds.delete(name);
    const readBefore = new Set(ours.filter(({ offset }) => offset >= 0).map(({ topic }) => topic));
    const uncommitted = ours.filter(({ offset }) => offset < 0);
    // The server forgets the group's place with a topic. One of that name was made since: it is ours from its beginning.
    const replaced = this.#topicWatch.replacedBefore(uncommitted.map(({ topic }) => topic));
    for (const topic of replaced) readBefore.add(topic);
    const begun = await beginnings(this.#link, uncommitted, readBefore, this.#settings.start);
    // What begins at the end of a log would begin later after a restart: so the place is the group's from now on.
    if (begun.length > 0) await member.commit(begun);
    for (const place of [...ours.filter(({ offset }) => offset >= 0), ...begun]) this.#resume(place);
    await this.#checkTopics();
    for (const topic of replaced) this.#sayReplaced(topic);
    for (const place of begun) this.#sayLost(place, place.lost, 'start asks for offsets that retention has deleted');
    this.#loops = this.#makeLoops();
    this.#loops.run();
    this.#turns.serve([...this.#feeds.values()]);
  }

  /** Hands nothing over and fetches nothing until the next `begin`. */
  pause(): void {
    this.#loops?.end();
    this.#loops = undefined;
    this.#turns.serve([]);
  }

  /** Resolves when all that was handed over is settled. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#lookDrained();
    });
  }

  /** What is settled and not committed. */
  uncommitted(): readonly Committed[] {
    const places: Committed[] = [];
    for (const { topic, partition, position, committed } of this.#feeds.values()) {
      if (position > committed) places.push({ topic, partition, offset: position });
    }
    return places;
  }

  /** The group has it. */
  committed(places: readonly Committed[]): void {
    for (const { topic, partition, offset } of places) {
      const feed = this.#feeds.get(`${topic}/${partition}`);
      if (feed !== undefined) feed.committed = Math.max(feed.committed, offset);
    }
  }

  /** Whether nobody leads one of the partitions, as far as is known, the last question for the leaders failed, or one has just changed or is slow. */
  get lacksLeaders(): boolean {
    if (this.#leadersInDoubt || performance.now() < this.#lookUntilMs || this.#loops?.isSlow === true) return true;
    for (const { leader } of this.#feeds.values()) if (leader < 0) return true;
    return false;
  }

  /** Nothing is fetched, and nothing has said why. */
  get isStuck(): boolean {
    return this.#loops?.isStuck === true;
  }

  /** Asks who leads the partitions. Never rejects: what stands against it is a trouble. */
  async findLeaders(): Promise<void> {
    try {
      await this.#askLeaders();
      this.#leadersInDoubt = false;
      this.#listener.fine('leaders');
    } catch (thrown) {
      // Though the next fetch may succeed: unless it is asked again the trouble stays, and readiness red.
      this.#leadersInDoubt = true;
      this.#listener.trouble('leaders', thrown);
    }
  }

  get #topics(): readonly string[] {
    return [...new Set([...this.#feeds.values()].map((feed) => feed.topic))];
  }

  #checkTopics(): Promise<void> {
    const look = (): Promise<void> =>
      this.#topicWatch.compare(this.#topics, (topic, tag) => this.#replaced(topic, tag));
    return (this.#checking ??= look().finally(() => (this.#checking = undefined)));
  }

  async #replaced(topic: string, tag: string): Promise<void> {
    const feeds = [...this.#feeds.values()].filter((feed) => feed.topic === topic);
    const lows = await offsetsAt(this.#link, feeds, EARLIEST);
    for (const feed of feeds) {
      const low = lows.find(({ partition }) => partition === feed.partition)?.offset ?? 0;
      this.#readAnew(
        feed,
        { offset: low, tag },
        'the topic was made anew, and what was not read of the one before is gone',
      );
    }
  }

  async #askLeaders(): Promise<void> {
    for (const topic of this.#topics) {
      const partitions = await this.#link.partitions(topic);
      for (const { partitionId, leader } of partitions) {
        const feed = this.#feeds.get(`${topic}/${partitionId}`);
        if (feed !== undefined) feed.leader = leader;
      }
    }
    await this.#checkTopics();
    for (const feed of this.#feeds.values()) {
      if (feed.waitUntilMs === Number.POSITIVE_INFINITY) feed.waitUntilMs = performance.now() + MOVED_MS;
    }
    this.#loops?.run();
  }

  async #places(member: GroupMember, partitions: Partitions): Promise<readonly Ours[]> {
    const committed = await member.committed(partitions);
    const ours: Ours[] = [];
    for (const topic of partitions.keys()) {
      const known = await this.#link.partitions(topic);
      for (const place of committed) {
        if (place.topic !== topic) continue;
        ours.push({ ...place, leader: known.find(({ partitionId }) => partitionId === place.partition)?.leader ?? -1 });
      }
    }
    return ours;
  }

  #resume({ topic, partition, offset, leader }: Ours): void {
    const name = `${topic}/${partition}`;
    let feed = this.#feeds.get(name);
    // Others have read on meanwhile, or somebody set the group back: what we hold of it is no longer ours to account for.
    if (feed === undefined || offset > feed.nextOffset || offset < feed.committed) {
      feed = this.#feed({ topic, partition, offset, committed: offset, tag: this.#topicWatch.tagOf(topic) });
    }
    feed.committed = offset;
    feed.leader = leader;
  }

  #feed(place: FeedPlace): PartitionFeed {
    const feed = new PartitionFeed(place, this.#settings.isOneLane, {
      note: this.#note,
      settled: (owner, record) => this.#settled(owner, record),
      passed: (owner) => this.#moved(owner),
    });
    this.#feeds.set(feed.name, feed);
    return feed;
  }

  #settled(feed: PartitionFeed, record: HeldRecord): void {
    this.#turns.settled(record);
    if (this.#moved(feed)) this.#lookDrained();
  }

  /** Invariant 2: of a partition that is no longer ours nothing is committed. False there. */
  #moved(feed: PartitionFeed): boolean {
    const isOurs = this.#feeds.get(feed.name) === feed;
    if (isOurs) this.#listener.moved();
    return isOurs;
  }

  #lookDrained(): void {
    for (const feed of this.#feeds.values()) if (feed.unsettled > 0) return;
    this.#drained?.();
    this.#drained = undefined;
  }

  #makeLoops(): FetchLoops {
    return new FetchLoops(this.#link, this.#feeds, this.#settings.maxBytesPerPartition, {
      arrived: () => this.#turns.wake(),
      away: (server, thrown) => this.#listener.trouble(`server ${server}`, thrown),
      back: (server) => this.#listener.fine(`server ${server}`),
      outOfRange: (feed) => this.#find(feed).catch((thrown: unknown) => this.#refused(feed, thrown)),
      moved: () => {
        this.#lookUntilMs = performance.now() + LOOK_MS;
        return this.findLeaders();
      },
      refused: (feed, thrown) => this.#refused(feed, thrown),
      given: (feed) => this.#listener.fine(feed.name),
    });
  }

  /** The log has no such place: its beginning was cut off, or its end. */
  async #find(feed: PartitionFeed): Promise<void> {
    await this.#checkTopics();
    if (this.#feeds.get(feed.name) !== feed) return;
    const { topic, partition, fetchOffset } = feed;
    const [low, end] = await Promise.all(
      [EARLIEST, LATEST].map(async (time) => (await offsetsAt(this.#link, [feed], time))[0]?.offset ?? -1),
    );
    if (low === undefined || end === undefined || low < 0) return;
    if (fetchOffset < low) {
      this.#sayLost({ topic, partition }, low - fetchOffset, 'retention deleted them before they were read');
      feed.skipTo(low);
    } else if (fetchOffset > end) {
      const why = `it ends at offset ${end}, and ${fetchOffset} was read up to: it was made anew, or its server lost its end`;
      // What is left of it was read under its tag, and may be another log where the server has no ids.
      const tag = `${this.#topicWatch.tagOf(topic)}@${Date.now().toString(36)}`;
      this.#readAnew(feed, { offset: low, tag }, why);
    }
  }

  #readAnew(feed: PartitionFeed, { offset, tag }: Pick<FeedPlace, 'offset' | 'tag'>, why: string): void {
    const { connection } = this.#link.context;
    const { unread } = feed;
    const known = unread === 0 ? 'how many, is not known' : `${unread} or more`;
    const text = `${connection}: ${feed.name}: ${why} (${known}; it was read up to offset ${feed.nextOffset}); it is read from its beginning, under other ids`;
    const loss = { kind: 'loss', code: 'LOG_CUT_OFF', text } as const;
    this.#link.context.report(unread === 0 ? loss : { ...loss, messages: unread });
    const { topic, partition } = feed;
    const other = this.#feed({ topic, partition, offset, committed: -1, tag });
    other.leader = feed.leader;
    // While the group divides anew nothing is handed over.
    if (this.#loops !== undefined) this.#turns.serve([...this.#feeds.values()]);
  }

  #sayReplaced(topic: string): void {
    const text = `${this.#link.context.connection}: topic ${topic} was made anew while the route was stopped, and what was not read of the one before is gone; how many messages, is not known. The new one is read from its beginning`;
    this.#link.context.report({ kind: 'loss', code: 'LOG_CUT_OFF', text });
  }

  #sayLost({ topic, partition }: Pick<Beginning, 'topic' | 'partition'>, count: number, why: string): void {
    if (count === 0) return;
    const text = `${this.#link.context.connection}: up to ${count} messages of ${topic}/${partition} are gone: ${why}`;
    this.#link.context.report({ kind: 'loss', code: 'POSITION_LOST', text, messages: count });
  }

  #refused(feed: PartitionFeed, thrown: unknown): void {
    if (thrown instanceof RangeError) this.#unreadable(feed, thrown);
    else this.#listener.trouble(feed.name, this.#link.errorOf(thrown, feed.name));
  }

  #unreadable(feed: PartitionFeed, thrown: unknown): void {
    feed.waitUntilMs = performance.now() + UNREADABLE_MS;
    feed.rewind();
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const text = `${feed.name}: ${why}. It is tried again; to pass over it, stop the bridge and set the group's offset behind it`;
    this.#link.reportProblem(this.#link.error('BUS_PROTOCOL', text, thrown));
  }
}
