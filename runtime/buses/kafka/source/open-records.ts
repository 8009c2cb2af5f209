import { type Link, LinkedList } from '#kit/linked-list.ts';
import type { OffsetRange } from './offset-ranges.ts';

/** A stretch of offsets that ends before `nextOffset` and begins where the one before it ends. */
export interface Stretch extends Link<Stretch> {
  /** Written by OpenRecords alone, once the stretch is in it. */
  nextOffset: number;
  isSettled: boolean;
}

/**
 * The part of a partition between its position and the last record that was handed over. Settled neighbours become one
 * stretch, so there is one more of them than of unsettled records at most, however long the first one stays.
 */
export class OpenRecords {
  readonly #stretches = new LinkedList<Stretch>();
  #position: number;

  constructor(position: number) {
    this.#position = position;
  }

  /** Everything before it is settled. */
  get position(): number {
    return this.#position;
  }

  /** The first that is not settled; undefined where all are. */
  get oldest(): Stretch | undefined {
    return this.#stretches.first;
  }

  /** A record is handed over. Offsets between it and the stretch before count as its own. */
  push(record: Stretch): void {
    this.#stretches.push(record);
  }

  /** A record of this list has `isSettled` now. */
  settled(record: Stretch): void {
    const { before, after } = record;
    let stretch = record;
    if (before?.isSettled === true) {
      before.nextOffset = record.nextOffset;
      this.#stretches.delete(record);
      stretch = before;
    }
    if (after?.isSettled === true) {
      stretch.nextOffset = after.nextOffset;
      this.#stretches.delete(after);
    }
    if (this.#stretches.first !== stretch) return;
    this.#position = stretch.nextOffset;
    this.#stretches.delete(stretch);
  }

  /** No record comes before this offset any more. */
  pass(offset: number): void {
    const { last } = this.#stretches;
    if (last === undefined) this.#position = Math.max(this.#position, offset);
    else last.nextOffset = Math.max(last.nextOffset, offset);
  }

  /** The records up to this offset, and without it, are settled already: they are not handed over. */
  skip(offset: number): void {
    const { last } = this.#stretches;
    if (last === undefined || last.isSettled) this.pass(offset);
    else
      this.#stretches.push({
        nextOffset: offset,
        isSettled: true,
        before: undefined,
        after: undefined,
        isLinked: false,
      });
  }

  /** What is settled beyond the position, ascending. */
  settledBeyond(): OffsetRange[] {
    const ranges: OffsetRange[] = [];
    let from = this.#position;
    for (let stretch = this.#stretches.first; stretch !== undefined; stretch = stretch.after) {
      if (stretch.isSettled) ranges.push({ from, to: stretch.nextOffset });
      from = stretch.nextOffset;
    }
    return ranges;
  }
}
