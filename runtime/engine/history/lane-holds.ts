/** An end that is not durable yet. */
export interface Hold {
  readonly lane: string;
  /** Among those of its lane, from 1. */
  readonly number: number;
}

interface Waiting {
  /** The last hold that it waits for. */
  readonly upTo: number;
  /** So many of them are open. */
  left: number;
  readonly resolve: () => void;
}

interface HeldLane {
  last: number;
  open: number;
  readonly waiting: Waiting[];
}

/** The ends of each lane that are not durable yet. Only a lane that is asked for has a promise. */
export class LaneHolds {
  readonly #lanes = new Map<string, HeldLane>();

  hold(lane: string): Hold {
    let held = this.#lanes.get(lane);
    if (held === undefined) {
      held = { last: 0, open: 0, waiting: [] };
      this.#lanes.set(lane, held);
    }
    held.last += 1;
    held.open += 1;
    return { lane, number: held.last };
  }

  /** It is durable. To be called once. */
  release({ lane, number }: Hold): void {
    const held = this.#lanes.get(lane);
    if (held === undefined) return;
    held.open -= 1;
    if (held.open === 0) this.#lanes.delete(lane);
    for (const one of held.waiting) {
      if (number > one.upTo) continue;
      one.left -= 1;
      if (one.left === 0) one.resolve();
    }
  }

  /** Resolves once all that are open now are durable; later ones are not waited for. Undefined where none is open. */
  pending(lane: string): Promise<void> | undefined {
    const held = this.#lanes.get(lane);
    return held && new Promise((resolve) => held.waiting.push({ upTo: held.last, left: held.open, resolve }));
  }
}
