import { LinkedList, type Link } from '#kit/linked-list.ts';

/** How many lanes are remembered. Beyond it the one that sent least recently is forgotten, and a stale message of it passes. */
const LANES = 65_536;

interface Last extends Link<Last> {
  readonly lane: string;
  sequence: number;
}

/** The last sequence that was sent of each lane: who comes with a lower one is stale. */
export class SequenceTracker {
  readonly #last = new Map<string, Last>();
  /** Who sent least recently comes first. A Map's own order would be searched through all that has left it. */
  readonly #order = new LinkedList<Last>();
  readonly #most: number;

  /** `known`: what was sent before the start. */
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

  /** Said when it is handed to the sink, not when it is confirmed: what may have arrived counts as sent. */
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
