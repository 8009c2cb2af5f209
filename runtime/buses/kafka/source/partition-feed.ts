import type { NoteOddity } from '#contract/oddity.ts';
import { Deque } from '#kit/deque.ts';
import type { CommittedOffset } from '../kafka-client.ts';
import type { CommitCount } from './commit-count.ts';
import type { SettledBeyond } from './commit-metadata.ts';
import { CommitState } from './commit-state.ts';
import { OpenRecords } from './open-records.ts';
import { SettledAhead } from './settled-ahead.ts';
import { RecordDelivery, type Settler } from './record-delivery.ts';
import type { RecordCursor } from '../records/record-cursor.ts';
import { compressionOf, leaderEpochOf, openBatch, type StoredBatch } from '../records/stored-batch.ts';

const NOTHING = Buffer.alloc(0);

/** Is notified of settlements, beside the feed. */
export interface FeedOwner {
  readonly note: NoteOddity;
  readonly commits: Pick<CommitCount, 'next' | 'settled' | 'isConfirmed'>;
  /** Resolves once the commit of that number is confirmed, and asks for it at once. */
  awaitCommit(number: number): Promise<void>;
  /** Revokes the feeds if the session of this member is over. */
  checkSession(): void;
  settled(feed: PartitionFeed, record: RecordDelivery): void;
  /** Its position moved over offsets without visible records, for which no settlement comes. */
  passed(feed: PartitionFeed): void;
}

/** A partition and the offset from which it is read. */
export interface FeedPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly committed: number;
  /** Follows the offset in ids of records, and distinguishes them from those of another topic of that name. */
  readonly tag: string;
  /** Records that are settled already: they are not handed over. */
  readonly settled?: SettledBeyond | undefined;
  /** How many of the first records another process may have sent. Default: none. */
  readonly repeats?: number;
}

/**
 * One assigned partition: the fetched batches that are not handed over, and the records that are handed over and not
 * settled. Batches are unpacked one at a time, when they are handed over.
 */
export class PartitionFeed implements Settler {
  readonly topic: string;
  readonly partition: number;
  /** `topic/partition` */
  readonly name: string;
  /** The id of its leader; -1: none is known. */
  leader = -1;
  /** It is not fetched before; infinite: not before its leader is known. */
  waitUntilMs = 0;
  readonly commits: CommitState;
  /** Handed over and not settled. */
  unsettled = 0;
  /** Fetched and not handed over. */
  bufferedBytes = 0;
  /** The highest high watermark that servers have reported; 0: none. */
  #highWatermark = 0;
  readonly #owner: FeedOwner;
  /** Whether all records are one lane, or only those without a key. */
  readonly #isOneLane: boolean;
  readonly #tag: string;
  readonly #batches = new Deque<StoredBatch>();
  #cursor: RecordCursor | undefined;
  #left = 0;
  /** The end of the ids of its records. */
  #suffix = '';
  #peeked: RecordDelivery | undefined;
  readonly #open: OpenRecords;
  readonly #ahead: SettledAhead;
  #repeats: number;
  /**
   * `replaced`: another log of that name is read, and nothing of this one can be committed. `revoked`: another process may have
   * the partition.
   */
  #end: 'replaced' | 'revoked' | undefined;
  #fetchOffset: number;
  /** Everything before it is read, the peeked record too. */
  #readOffset: number;

  constructor(place: FeedPlace, isOneLane: boolean, owner: FeedOwner) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.name = `${place.topic}/${place.partition}`;
    this.commits = new CommitState(place.committed);
    this.#tag = place.tag;
    this.#owner = owner;
    this.#isOneLane = isOneLane;
    this.#fetchOffset = place.offset;
    this.#readOffset = place.offset;
    this.#open = new OpenRecords(place.offset);
    this.#ahead = new SettledAhead(place.settled);
    this.#repeats = place.repeats ?? 0;
  }

  /** Without a tag an id is the same in any topic of that name. */
  get isIdUnsure(): boolean {
    return this.#tag === '';
  }

  /** From where it is fetched next. */
  get fetchOffset(): number {
    return this.#fetchOffset;
  }

  /** Everything before it is settled. */
  get position(): number {
    return this.#open.position;
  }

  get isRevoked(): boolean {
    if (this.#end !== 'revoked') this.#owner.checkSession();
    return this.#end === 'revoked';
  }

  /** Of the next record to hand over, at least. */
  get nextOffset(): number {
    return this.#peeked === undefined ? this.#readOffset : this.#peeked.nextOffset - 1;
  }

  /** How many offsets up to the reported high watermark were not handed over. */
  get unread(): number {
    return Math.max(0, this.#highWatermark - this.nextOffset);
  }

  /** The stated time of the oldest record that is here and not settled; undefined where none is here. */
  get oldestAtMs(): number | undefined {
    const { oldest } = this.#open;
    return (oldest instanceof RecordDelivery ? oldest : this.#peeked)?.frame.timestampMs;
  }

  reachesTo(offset: number): void {
    this.#highWatermark = Math.max(this.#highWatermark, offset);
  }

  /** Adds the batches of a fetch from `fetchOffset` on. */
  add(batches: readonly StoredBatch[]): void {
    for (const batch of batches) {
      if (batch.nextOffset <= this.#fetchOffset) continue;
      this.#batches.push(batch);
      this.bufferedBytes += batch.bytes.length;
      this.#fetchOffset = batch.nextOffset;
    }
  }

  /** The next record, which stays. Throws RangeError where a batch cannot be read. */
  peek(): RecordDelivery | undefined {
    while (this.#peeked === undefined) {
      const batch = this.#batches.at(0);
      if (batch === undefined) return undefined;
      if (this.#cursor === undefined && !batch.isHidden && batch.count > 0) this.#begin(batch);
      if (this.#left === 0) {
        this.#batches.shift();
        this.#cursor = undefined;
        this.bufferedBytes -= batch.bytes.length;
        this.#pass(batch.nextOffset);
      } else this.#read(batch);
    }
    return this.#peeked;
  }

  /** Hands the peeked record over. */
  take(): void {
    const record = this.#peeked;
    if (record === undefined) return;
    this.#peeked = undefined;
    this.#open.push(record);
    this.unsettled += 1;
  }

  settled(record: RecordDelivery): void {
    this.unsettled -= 1;
    this.#open.settled(record);
    this.commits.changed();
    const { commits } = this.#owner;
    record.shared.commit = this.#end === undefined ? commits.settled() : commits.next;
    this.#owner.settled(this, record);
  }

  isDurable(commit: number): boolean {
    return this.#end !== undefined || this.#owner.commits.isConfirmed(commit);
  }

  whenDurable(commit: number): Promise<void> {
    return this.#end === undefined ? this.#owner.awaitCommit(commit) : Promise.resolve();
  }

  /** Another log of its name is read from now on. */
  replace(): void {
    this.#end ??= 'replaced';
  }

  /** Another process may have the partition from now on: nothing of it may be sent here. */
  revoke(): void {
    this.#end = 'revoked';
  }

  /** What is settled, for a commit. */
  settlement(): Omit<SettledBeyond, 'tag'> {
    const settled = [...this.#open.settledBeyond(), ...this.#ahead.behind(this.nextOffset)];
    return { offset: this.position, leaderEpoch: this.#ahead.leaderEpoch, settled };
  }

  /**
   * Whether what was fetched here is valid still, now that the group has this: no other member has read on, and no operator has set
   * the offset back.
   */
  goesOn(commit: Pick<CommittedOffset, 'offset' | 'metadata'>, isFenced: boolean): boolean {
    if (commit.offset > this.nextOffset || commit.offset < this.commits.offset) return false;
    if (this.commits.isOwn(commit)) return true;
    // Metadata of another process says what it has settled behind the offset. This one would send that again, and commit over it.
    return !isFenced && commit.metadata === '';
  }

  /** Drops what was fetched and not unpacked: it is fetched again. A peeked record is sound, and stays. */
  rewind(): void {
    while (this.#batches.shift() !== undefined);
    this.#cursor = undefined;
    this.#left = 0;
    this.bufferedBytes = 0;
    this.#fetchOffset = this.#readOffset;
  }

  /** The log has nothing between `fetchOffset` and this offset any more. What was fetched before is still handed over. */
  skipTo(offset: number): void {
    this.add([{ bytes: NOTHING, baseOffset: this.#fetchOffset, nextOffset: offset, count: 0, isHidden: true }]);
  }

  #begin(batch: StoredBatch): void {
    try {
      this.#cursor = openBatch(batch, this.#owner.note);
      this.#left = batch.count;
      // After a log has lost its end a later leader appends to it: the lost offsets are those of other records then.
      const epoch = leaderEpochOf(batch);
      this.#suffix = epoch < 0 ? this.#tag : `${this.#tag}.${epoch}`;
      this.#ahead.reads(epoch);
    } catch (thrown) {
      throw unreadable(batch, thrown);
    }
  }

  #read(batch: StoredBatch): void {
    try {
      const frame = this.#cursor?.next(this.topic);
      this.#left -= 1;
      if (frame === undefined) return;
      const offset = batch.baseOffset + (this.#cursor?.offsetDelta ?? 0);
      if (offset < this.#readOffset) return;
      this.#readOffset = offset + 1;
      if (this.#ahead.holds(offset)) return this.#skip(offset + 1);
      const lane = this.#isOneLane || frame.key === undefined ? this.name : undefined;
      const id = `${this.name}/${offset}${this.#suffix}`;
      const mayBeRepeat = this.#repeats > 0;
      if (mayBeRepeat) this.#repeats -= 1;
      this.#peeked = new RecordDelivery(this, { id, frame, nextOffset: offset + 1, lane, mayBeRepeat });
    } catch (thrown) {
      throw unreadable(batch, thrown);
    }
  }

  /** Nothing more comes before this offset. */
  #pass(offset: number): void {
    if (offset > this.#readOffset) this.#readOffset = offset;
    const before = this.position;
    this.#open.pass(offset);
    if (this.position > before) this.#owner.passed(this);
  }

  /** Another process has settled what comes before this offset. */
  #skip(offset: number): void {
    const before = this.position;
    this.#open.skip(offset);
    this.commits.changed();
    if (this.position > before) this.#owner.passed(this);
  }
}

function unreadable(batch: StoredBatch, thrown: unknown): RangeError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new RangeError(`the batch at offset ${batch.baseOffset} (${compressionOf(batch)}) cannot be read: ${why}`);
}
