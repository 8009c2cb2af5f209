import { Deque } from '#kit/deque.ts';

/** What one order is kept of: a message's key and address, or what its source says. */
export interface Lane {
  readonly key: string | undefined;
  readonly address: string;
}

/**
 * A lane is the order of one key and address (invariant 5). Only a lane that someone holds costs anything: while a
 * message waits for its function or its retry, those behind it in its lane queue up, and all other lanes go on.
 */
export class Lanes<InFlight> {
  readonly #held = new Map<string, Deque<InFlight>>();

  /**
   * True when the message was put behind others of a held lane; false when it may go at once. `givesWay` is asked of the
   * last one that waits, where a newer one may take its place.
   */
  queue(lane: Lane, inFlight: InFlight, givesWay?: (older: InFlight) => boolean): boolean {
    if (this.#held.size === 0) return false;
    const waiting = this.#held.get(laneName(lane));
    if (waiting === undefined) return false;
    const last = waiting.at(waiting.size - 1);
    if (last !== undefined && givesWay?.(last) === true) waiting.pop();
    waiting.push(inFlight);
    return true;
  }

  /** From now on later ones of this lane queue up. Holding a lane that is held already changes nothing. */
  hold(lane: Lane): void {
    const name = laneName(lane);
    if (!this.#held.has(name)) this.#held.set(name, new Deque());
  }

  /** Lets the lane go: `run` gets the waiting ones in order, until one of them answers that it holds the lane again. */
  release(lane: Lane, run: (inFlight: InFlight) => 'done' | 'holds'): void {
    const name = laneName(lane);
    const waiting = this.#held.get(name);
    for (let inFlight = waiting?.shift(); inFlight !== undefined; inFlight = waiting?.shift()) {
      if (run(inFlight) === 'holds') return;
    }
    this.#held.delete(name);
  }
}

/** A name that no other lane has. */
// A key may hold any character, so its length stands before it: ("a", "b/c") and ("a/b", "c") are two lanes.
export function laneName({ key, address }: Lane): string {
  return key === undefined ? `:${address}` : `${key.length}:${key}${address}`;
}
