import { LinkedList, type Link } from '#kit/linked-list.ts';

/** Most lanes. Beyond it the lane that sent least recently is dropped, and a stale message of it passes. */
const LANES = 65_536;

interface Last extends Link<Last> {
  readonly lane: string;
  sequence: number;
}

/** The highest sequence sent in each lane: a message with a lower one is stale. */
export class SequenceTracker {
  readonly #last = new Map<string, Last>();
  /** The lane that sent least recently is first. Finding it in a Map would pass over all deleted entries. */
  readonly #order = new LinkedList<Last>();
  readonly #most: number;

  /** `known`: the highest sequence of each lane that was sent before the start. */
  constructor(known: ReadonlyMap<string, number> = new Map(), most: number = LANES) {
    this.#most = most;
    for (const [lane, sequence] of known) this.sent(lane, sequence);
  }

  get size(): number {
    return this.#last.size;
  }

  isStale(lane: string, sequence: number | undefined): boolean {
    if (sequence === undefined) return false;
    const last = this.#last.get(lane);
    return last !== undefined && sequence < last.sequence;
  }

  /** To be called when a message is handed to the sink, not when it is confirmed: it may have arrived. */
  sent(lane: string, sequence: number | undefined): void {
    if (sequence === undefined) return;
    let last = this.#last.get(lane);
    if (last === undefined) {
      last = { lane, sequence, before: undefined, after: undefined, isLinked: false };
      this.#last.set(lane, last);
    }
    last.sequence = Math.max(last.sequence, sequence);
    this.#order.push(last);
    const oldest = this.#order.first;
    if (this.#last.size <= this.#most || oldest === undefined) return;
    this.#order.delete(oldest);
    this.#last.delete(oldest.lane);
  }
}
