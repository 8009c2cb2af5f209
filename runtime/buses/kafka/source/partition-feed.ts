import type { NoteOddity } from '#contract/oddity.ts';
import { Deque } from '#kit/deque.ts';
import { RecordDelivery, type Settler } from './record-delivery.ts';
import type { RecordCursor } from '../records/record-cursor.ts';
import { compressionOf, leaderEpochOf, openBatch, type StoredBatch } from '../records/stored-batch.ts';

const NOTHING = Buffer.alloc(0);

/** Is notified of settlements, beside the feed. */
export interface FeedOwner {
  readonly note: NoteOddity;
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
  /** The group's committed offset; -1: none. */
  committed: number;
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
  readonly #open = new Deque<RecordDelivery>();
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
    return this.#position;
  }

  /** Of the next record to hand over, at least. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** How many offsets up to the reported high watermark were not handed over. */
  get unread(): number {
    return Math.max(0, this.#highWatermark - this.#nextOffset + Number(this.#peeked !== undefined));
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
    while (this.#open.at(0)?.isSettled === true) this.#position = this.#open.shift()?.nextOffset ?? this.#position;
    this.#owner.settled(this, record);
  }

  /** Drops what was fetched and not handed over: it is fetched again. */
  rewind(): void {
    while (this.#batches.shift() !== undefined);
    this.#cursor = undefined;
    this.#left = 0;
    this.#peeked = undefined;
    this.bufferedBytes = 0;
    this.#fetchOffset = this.#nextOffset;
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
      this.#peeked = new RecordDelivery(this, `${this.name}/${offset}${this.#suffix}`, frame, offset + 1, lane);
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
