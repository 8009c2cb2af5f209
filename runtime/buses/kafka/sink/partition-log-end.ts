import { NOT_NOTED } from '#contract/oddity.ts';
import type { LoggedTime } from '#contract/sink.ts';
import { isStampedByServer, openBatch, type StoredBatch } from '../records/stored-batch.ts';

/** Offsets of the first span. */
const FIRST_SPAN = 512;
/** Each further span reaches back so many times as far. */
const GROWTH = 4;
/** At most so many messages are read for each wanted id: other producers may write there too. */
const SEEN_PER_ID = 8;

/** How far the clock of a source may be ahead of the server's clock, when the server stamps the records. */
const SKEW_MS = 5000;

/** Id and time of one record. */
export interface LoggedId {
  readonly id: string | undefined;
  readonly time: LoggedTime;
}

export interface LogPlace {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
  /** The first offset, and the one behind the last. */
  readonly low: number;
  readonly high: number;
  /** So many ids of the route suffice. */
  readonly enough: number;
}

/** One partition that is read from its end back, one span of offsets after the other. */
export class PartitionLogEnd {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
  /** Whether reading stopped among messages of other producers, before enough ids were found. */
  isCut = false;
  readonly #place: LogPlace;
  #found = 0;
  #start: number;
  #end: number;
  #next: number;
  #isAsked = false;

  constructor(place: LogPlace) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.leader = place.leader;
    this.#place = place;
    this.#end = place.high;
    this.#start = Math.max(place.low, place.high - FIRST_SPAN);
    this.#next = this.#start;
  }

  get isEmpty(): boolean {
    return this.#place.low >= this.#place.high;
  }

  /** The next offset to fetch; undefined when the partition is done. An empty one is fetched once, to check the permission. */
  get fetchOffset(): number | undefined {
    return this.#next < this.#end || !this.#isAsked ? this.#next : undefined;
  }

  /** Takes the batches from `fetchOffset` on. `each` gets every record of the span and returns whether it is of the route. Throws the error of an unreadable batch. */
  take(batches: readonly StoredBatch[], each: (record: LoggedId) => boolean): void {
    this.#isAsked = true;
    for (const batch of batches) {
      if (batch.nextOffset <= this.#next) continue;
      if (batch.baseOffset >= this.#end) break;
      if (!batch.isHidden && batch.count > 0) this.#read(batch, each);
      this.#next = batch.nextOffset;
    }
    if (batches.length === 0) this.#next = this.#end;
    if (this.#next >= this.#end) this.#goBack();
  }

  /** Ends the reading of the partition. */
  end(): void {
    this.#isAsked = true;
    this.#next = this.#end;
  }

  #read(batch: StoredBatch, each: (record: LoggedId) => boolean): void {
    const cursor = openBatch(batch, NOT_NOTED);
    // The sink writes the frame's own time, in whole milliseconds.
    const timeOf = (ms = Number.POSITIVE_INFINITY): LoggedTime =>
      isStampedByServer(batch) ? { latestMs: ms + SKEW_MS } : { latestMs: ms, ownMs: ms };
    for (let left = batch.count; left > 0; left -= 1) {
      const { id, timestampMs } = cursor.next(this.topic);
      const offset = batch.baseOffset + cursor.offsetDelta;
      if (offset >= this.#next && offset < this.#end && each({ id, time: timeOf(timestampMs) })) this.#found += 1;
    }
  }

  #goBack(): void {
    const { low, high, enough } = this.#place;
    const seen = high - this.#start;
    this.isCut = this.#found < enough && this.#start > low && seen >= enough * SEEN_PER_ID;
    if (this.#found >= enough || this.#start <= low || this.isCut) return;
    this.#end = this.#start;
    this.#start = Math.max(low, this.#start - seen * GROWTH);
    this.#next = this.#start;
  }
}
