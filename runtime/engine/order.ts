import { CLASSES } from '#contract/traffic-class.ts';
import { Deque } from '#kit/deque.ts';
import { type Envelope, type InFlight, isOlder, laneNamed, laneOf } from './in-flight.ts';
import type { Policy } from './route-parts.ts';

/**
 * A lane is the order of one key and address, or of one lane of the source (invariant 5). Only a held lane has a cost:
 * while a message waits for its function or its retry, later messages of its lane queue up, and all other lanes go on.
 */
export class Order {
  readonly #held = new Map<string, Deque<InFlight>>();
  readonly #keepsNewest: boolean;

  constructor({ trafficClass }: Policy) {
    this.#keepsNewest = CLASSES[trafficClass].keeps === 'newest';
  }

  /**
   * `next`: it may go on at once. Otherwise it waits behind others of a held lane: `queued`, or in the place of the older
   * message that is returned, in a class that keeps the newest.
   */
  enter(inFlight: InFlight): 'next' | 'queued' | InFlight {
    if (this.#held.size === 0) return 'next';
    const waiting = this.#held.get(laneName(inFlight.envelope));
    if (waiting === undefined) return 'next';
    const last = waiting.at(waiting.size - 1);
    const isReplaced = last !== undefined && this.#keepsNewest && replaces(inFlight.envelope, last.envelope);
    if (isReplaced) waiting.pop();
    waiting.push(inFlight);
    return isReplaced ? last : 'queued';
  }

  /** Later messages of its lane queue up from now on. Has no effect on a lane that is held already. */
  hold({ envelope }: InFlight): void {
    const name = laneName(envelope);
    if (!this.#held.has(name)) this.#held.set(name, new Deque());
  }

  /** The message is through: returns the next one of its lane, which holds the lane then. Undefined: the lane is free. */
  next({ envelope }: InFlight): InFlight | undefined {
    if (this.#held.size === 0) return undefined;
    const name = laneName(envelope);
    const next = this.#held.get(name)?.shift();
    if (next === undefined) this.#held.delete(name);
    return next;
  }
}

function laneName(envelope: Envelope): string {
  const { lane } = envelope.delivery;
  return lane === undefined ? laneOf(envelope) : laneNamed(undefined, lane);
}

/** The lane of a source may hold several keys: only a message of the same key and address is replaced. */
function replaces(newer: Envelope, older: Envelope): boolean {
  const isSame = newer.key === older.key && newer.delivery.frame.address === older.delivery.frame.address;
  return isSame && !isOlder(newer, older);
}
