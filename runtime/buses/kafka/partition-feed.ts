import type { NoteOddity } from '#contract/oddity.ts';
import { Deque } from '#kit/deque.ts';
import { HeldRecord, type Settler } from './held-record.ts';
import type { RecordCursor } from './record-cursor.ts';
import { compressionOf, leaderEpochOf, openBatch, type StoredBatch } from './stored-batch.ts';

const NOTHING = Buffer.alloc(0);

/** Who hears of what is settled, beside the feed. */
export interface FeedOwner {
  readonly note: NoteOddity;
  settled(feed: PartitionFeed, record: HeldRecord): void;
  /** Its position moved over offsets that hold nothing to see, and no settlement will tell of it. */
  passed(feed: PartitionFeed): void;
}

/** Where a partition is read from. */
export interface FeedPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly committed: number;
  /** Stands behind the offset in ids of records, and tells them from those of another topic of that name. */
  readonly tag: string;
}

/**
 * One partition while it is ours: what was fetched and not handed over, as the batches that came, and what was handed
 * over and is not settled. Batches are unpacked one at a time, when their turn comes.
 */
export class PartitionFeed implements Settler {
  readonly topic: string;
  readonly partition: number;
  /** `topic/partition` */
  readonly name: string;
  /** Who leads it; -1: nobody, as far as is known. */
  leader = -1;
  /** It is not asked for before; infinite: not before it is known who leads it. */
  waitUntilMs = 0;
  /** What the group has committed; -1: nothing. */
  committed: number;
  /** Handed over and not settled. */
  unsettled = 0;
  /** Fetched and not handed over. */
  bufferedBytes = 0;
  /** Offset behind the last message of the log, as far as servers have said; 0: nothing is known. */
  #end = 0;
  readonly #owner: FeedOwner;
  /** Whether all of it is one lane, or only what has no key. */
  readonly #isOneLane: boolean;
  readonly #tag: string;
  readonly #batches = new Deque<StoredBatch>();
  #cursor: RecordCursor | undefined;
  #left = 0;
  /** Ends the ids of its records. */
  #suffix = '';
  #peeked: HeldRecord | undefined;
  readonly #open = new Deque<HeldRecord>();
  #fetchOffset: number;
  /** Of the next record to hand over, at least. */
  #nextOffset: number;
  #position: number;

  constructor(place: FeedPlace, isOneLane: boolean, owner: FeedOwner) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.name = `${place.topic}/${place.partition}`;
    this.committed = place.committed;
    this.#tag = place.tag;
    this.#owner = owner;
    this.#isOneLane = isOneLane;
    this.#fetchOffset = place.offset;
    this.#nextOffset = place.offset;
    this.#position = place.offset;
  }

  /** Without a tag they are those of any topic of that name. */
  get isIdUnsure(): boolean {
    return this.#tag === '';
  }

  /** From where it is to be asked for. */
  get fetchOffset(): number {
    return this.#fetchOffset;
  }

  /** Everything before it is settled. */
  get position(): number {
    return this.#position;
  }

  /** Of the next record to hand over, at least. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** How many offsets of the log lay before us, when a server last told where it ends. */
  get unread(): number {
    return Math.max(0, this.#end - this.#nextOffset + Number(this.#peeked !== undefined));
  }

  endsAt(offset: number): void {
    this.#end = Math.max(this.#end, offset);
  }

  /** What came from `fetchOffset` on. */
  add(batches: readonly StoredBatch[]): void {
    for (const batch of batches) {
      if (batch.nextOffset <= this.#fetchOffset) continue;
      this.#batches.push(batch);
      this.bufferedBytes += batch.bytes.length;
      this.#fetchOffset = batch.nextOffset;
    }
  }

  /** The next record, which stays. Throws RangeError with what is wrong with a batch that cannot be read. */
  peek(): HeldRecord | undefined {
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

  settled(record: HeldRecord): void {
    this.unsettled -= 1;
    while (this.#open.at(0)?.isSettled === true) this.#position = this.#open.shift()?.nextOffset ?? this.#position;
    this.#owner.settled(this, record);
  }

  /** Forgets what was fetched and not handed over: it is to be fetched again. */
  rewind(): void {
    while (this.#batches.shift() !== undefined);
    this.#cursor = undefined;
    this.#left = 0;
    this.#peeked = undefined;
    this.bufferedBytes = 0;
    this.#fetchOffset = this.#nextOffset;
  }

  /** The log has nothing from `fetchOffset` on to this offset any more. What was fetched before is handed over all the same. */
  skipTo(offset: number): void {
    this.add([{ bytes: NOTHING, baseOffset: this.#fetchOffset, nextOffset: offset, count: 0, isHidden: true }]);
  }

  #begin(batch: StoredBatch): void {
    try {
      this.#cursor = openBatch(batch, this.#owner.note);
      this.#left = batch.count;
      // A log that lost its end is written on under a later leader: its offsets are those of other records then.
      const epoch = leaderEpochOf(batch);
      this.#suffix = epoch < 0 ? this.#tag : `${this.#tag}.${epoch}`;
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
      if (offset < this.#nextOffset) return;
      this.#nextOffset = offset + 1;
      const lane = this.#isOneLane || frame.key === undefined ? this.name : undefined;
      this.#peeked = new HeldRecord(this, `${this.name}/${offset}${this.#suffix}`, frame, offset + 1, lane);
    } catch (thrown) {
      throw unreadable(batch, thrown);
    }
  }

  /** Nothing more comes before this offset. */
  #pass(offset: number): void {
    if (offset > this.#nextOffset) this.#nextOffset = offset;
    const last = this.#open.at(this.#open.size - 1);
    if (last !== undefined) last.nextOffset = Math.max(last.nextOffset, offset);
    else if (offset > this.#position) {
      this.#position = offset;
      this.#owner.passed(this);
    }
  }
}

function unreadable(batch: StoredBatch, thrown: unknown): RangeError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new RangeError(`the batch at offset ${batch.baseOffset} (${compressionOf(batch)}) cannot be read: ${why}`);
}
