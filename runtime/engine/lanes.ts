import { Deque } from '#kit/deque.ts';

/**
 * A lane is the order of one key and address (invariant 5). Only a lane that someone holds costs anything: while a
 * message waits for its function or its retry, those behind it in its lane queue up, and all other lanes go on.
 */
export class Lanes<Job> {
  readonly #held = new Map<string, Deque<Job>>();

  /** True when the job was put behind others of a held lane; false when it may go at once. */
  queue(key: string | undefined, address: string, job: Job): boolean {
    if (this.#held.size === 0) return false;
    const waiting = this.#held.get(laneName(key, address));
    waiting?.push(job);
    return waiting !== undefined;
  }

  /** From now on later jobs of this lane queue up. Holding a lane that is held already changes nothing. */
  hold(key: string | undefined, address: string): void {
    const name = laneName(key, address);
    if (!this.#held.has(name)) this.#held.set(name, new Deque());
  }

  /** Lets the lane go: `run` gets the waiting jobs in order, until one of them answers that it holds the lane again. */
  release(key: string | undefined, address: string, run: (job: Job) => 'done' | 'holds'): void {
    const name = laneName(key, address);
    const waiting = this.#held.get(name);
    for (let job = waiting?.shift(); job !== undefined; job = waiting?.shift()) {
      if (run(job) === 'holds') return;
    }
    this.#held.delete(name);
  }
}

// A key may hold any character, so its length stands before it: ("a", "b/c") and ("a/b", "c") are two lanes.
function laneName(key: string | undefined, address: string): string {
  return key === undefined ? `:${address}` : `${key.length}:${key}${address}`;
}
