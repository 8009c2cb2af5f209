import { Deque } from '#kit/deque.ts';

/** The unit of order: a message's key and address, or the lane of its source. */
export interface Lane {
  readonly key: string | undefined;
  readonly address: string;
}

/**
 * A lane is the order of one key and address (invariant 5). Only a held lane has a cost: while a message waits for its
 * function or its retry, later messages of its lane queue up, and all other lanes go on.
 */
export class Lanes<InFlight> {
  readonly #held = new Map<string, Deque<InFlight>>();

  /**
   * True when the message was queued behind others of a held lane; false when it may go on at once. `givesWay` decides
   * whether the last waiting message is replaced by this one.
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

  /** Later messages of this lane queue up from now on. Has no effect on a lane that is held already. */
  hold(lane: Lane): void {
    const name = laneName(lane);
    if (!this.#held.has(name)) this.#held.set(name, new Deque());
  }

  /** Ends the hold: `run` gets the waiting messages in order, until one of them holds the lane again. */
  release(lane: Lane, run: (inFlight: InFlight) => 'done' | 'holds'): void {
    const name = laneName(lane);
    const waiting = this.#held.get(name);
    for (let inFlight = waiting?.shift(); inFlight !== undefined; inFlight = waiting?.shift()) {
      if (run(inFlight) === 'holds') return;
    }
    this.#held.delete(name);
  }
}

/** A name that no other lane has: a key may hold any character, so its length comes first. ("a", "b/c") is not ("a/b", "c"). */
export function laneName({ key, address }: Lane): string {
  return key === undefined ? `:${address}` : `${key.length}:${key}${address}`;
}
