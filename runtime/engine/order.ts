import { CLASSES } from '#contract/traffic-class.ts';
import { Deque } from '#kit/deque.ts';
import { type Envelope, type InFlight, laneNamed, laneOf, newerOf } from './in-flight.ts';
import type { Policy } from './route-parts.ts';

/** A lane that a message holds. */
interface HeldLane {
  readonly name: string;
  readonly waiting: Deque<InFlight>;
}

/**
 * A lane is the order of one key and address, or of one lane of the source (invariant 5). Only a held lane has a cost:
 * while a message waits for its function or its retry, later messages of its lane queue up, and all other lanes go on.
 */
export class Order {
  readonly #lanes = new Map<string, HeldLane>();
  readonly #heldBy = new Map<InFlight, HeldLane>();
  readonly #keepsNewest: boolean;

  constructor({ trafficClass }: Policy) {
    this.#keepsNewest = CLASSES[trafficClass].keeps === 'newest';
  }

  /**
   * `next`: it may go on at once. Otherwise it waits behind others of a held lane: `queued`, or in the place of the older
   * message that is returned, in a class that keeps the newest.
   */
  enter(inFlight: InFlight): 'next' | 'queued' | InFlight {
    if (this.#lanes.size === 0) return 'next';
    const waiting = this.#lanes.get(queueOf(inFlight.envelope))?.waiting;
    if (waiting === undefined) return 'next';
    const last = waiting.at(waiting.size - 1);
    const isReplaced = last !== undefined && this.#keepsNewest && replaces(inFlight, last);
    if (isReplaced) waiting.pop();
    waiting.push(inFlight);
    return isReplaced ? last : 'queued';
  }

  /** Later messages of its lane queue up from now on. For a message that may go on: it is in a free lane, or holds its lane. */
  hold(inFlight: InFlight): void {
    if (this.#heldBy.has(inFlight)) return;
    const name = queueOf(inFlight.envelope);
    const lane = { name, waiting: new Deque<InFlight>() };
    this.#lanes.set(name, lane);
    this.#heldBy.set(inFlight, lane);
  }

  /**
   * The message is through. Where it held its lane, the next one of the lane holds it now, and is returned; undefined: the lane
   * is free, or another message's.
   */
  next(inFlight: InFlight): InFlight | undefined {
    if (this.#lanes.size === 0) return undefined;
    const lane = this.#heldBy.get(inFlight);
    if (lane === undefined) return undefined;
    this.#heldBy.delete(inFlight);
    const next = lane.waiting.shift();
    if (next === undefined) this.#lanes.delete(lane.name);
    else this.#heldBy.set(next, lane);
    return next;
  }
}

/** The lane in which it waits: the source's, which may hold several keys, or its own. */
function queueOf(envelope: Envelope): string {
  const { lane } = envelope.delivery;
  return lane === undefined ? laneOf(envelope) : laneNamed(undefined, lane);
}

/** The lane of a source may hold several keys: only a message of the same key and address is replaced. */
function replaces(later: InFlight, earlier: InFlight): boolean {
  return laneOf(later.envelope) === laneOf(earlier.envelope) && newerOf(earlier, later) === later;
}
