/** How many lanes are remembered. Beyond it the one that sent least recently is forgotten, and a stale message of it passes. */
const LANES = 65_536;

/** The last sequence that was sent of each lane: who comes with a lower one is stale. */
export class Freshness {
  readonly #last: Map<string, number>;
  readonly #most: number;

  /** `known`: what was sent before the start. */
  constructor(known: ReadonlyMap<string, number> = new Map(), most: number = LANES) {
    this.#last = new Map(known);
    this.#most = most;
  }

  get size(): number {
    return this.#last.size;
  }

  isStale(lane: string, sequence: number | undefined): boolean {
    if (sequence === undefined) return false;
    const last = this.#last.get(lane);
    return last !== undefined && sequence < last;
  }

  /** Said when it is handed to the sink, not when it is confirmed: what may have arrived counts as sent. */
  sent(lane: string, sequence: number | undefined): void {
    if (sequence === undefined) return;
    const last = this.#last.get(lane);
    // Out and in again: a Map's order is then that of the last sendings.
    this.#last.delete(lane);
    this.#last.set(lane, last === undefined ? sequence : Math.max(last, sequence));
    if (this.#last.size <= this.#most) return;
    for (const oldest of this.#last.keys()) {
      this.#last.delete(oldest);
      return;
    }
  }
}
