import type { ProcessedIds } from '#contract/processed-ids.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { type Envelope, type InFlight, laneOf } from '../in-flight.ts';
import type { Route } from '../route-parts.ts';
import { LaneHolds } from './lane-holds.ts';
import { SaveIds } from './save-ids.ts';
import { SequenceTracker } from './sequence-tracker.ts';
import { SharedSettlements } from './shared-settlements.ts';

/** What the route has sent and ended before, in this process and in earlier ones. Each step may ask it. */
export class History {
  readonly #route: Route;
  /** Of each sink: one may be behind another. */
  readonly #sequences: readonly SequenceTracker[];
  /** Where the route has processed ids: ends that are not durable yet. */
  readonly #holds = new LaneHolds();
  readonly #ids: SaveIds;
  /** Undefined where messages of one lane are in flight together anyway. */
  readonly #shared: SharedSettlements | undefined;

  constructor(route: Route) {
    this.#route = route;
    this.#ids = new SaveIds(route.policy.name, route.observers);
    this.#shared = CLASSES[route.policy.trafficClass].oneAtATime ? new SharedSettlements() : undefined;
    const known = route.stores.processedIds?.sequences();
    this.#sequences = route.ends.sinks.map(() => new SequenceTracker(known));
  }

  /**
   * When this message was processed, in milliseconds since 1970 (UTC); undefined: it was not. A replayed dead letter is no
   * repetition of its own dead letter, and neither is a first delivery, where its bus can tell.
   */
  processedAtMs({ id, delivery }: Envelope): number | undefined {
    const { processedIds } = this.#route.stores;
    if (processedIds === undefined) return undefined;
    const passedMs = processedIds.addedAtMs(id);
    const mayHaveDied = delivery.replay === undefined && delivery.attempt !== 1;
    return passedMs ?? (mayHaveDied ? processedIds.addedAtMs(deadIdOf(delivery.id)) : undefined);
  }

  /** When a message with its repeat key was sent, in milliseconds since 1970 (UTC); undefined: none was. */
  repeatedAtMs({ repeatKey }: Envelope): number | undefined {
    return repeatKey === undefined ? undefined : this.#route.stores.repeatKeys?.addedAtMs(repeatKey);
  }

  /** Whether a message of its key with a higher sequence was handed to this sink. */
  isStale(envelope: Envelope, sink: number): boolean {
    if (envelope.sequence === undefined) return false;
    return this.#sequences[sink]?.isStale(laneOf(envelope), envelope.sequence) === true;
  }

  /** To be called when a message is handed to a sink, not when it is confirmed: it may have arrived. */
  handedOver(envelope: Envelope, sink: number): void {
    if (envelope.sequence !== undefined) this.#sequences[sink]?.sent(laneOf(envelope), envelope.sequence);
  }

  /** To be called for a message that an earlier process may have handed to every sink. */
  wasHandedOver(envelope: Envelope): void {
    for (const sink of this.#sequences.keys()) this.handedOver(envelope, sink);
  }

  /**
   * To be called for a message that ends unsent. An earlier process may have sent it if it is not surely a first delivery,
   * and may have ended before it saved the id. A message with a lower sequence is then stale, even if this one has expired
   * meanwhile.
   */
  endedUnsent(envelope: Envelope): void {
    if (envelope.delivery.attempt !== 1) this.wasHandedOver(envelope);
  }

  /**
   * Saves its id; where it has passed, its repeat key too. Calls `done` once they are durable, and holds its lane until then.
   * False where none is to be saved: `done` is not called.
   */
  remember(inFlight: InFlight, hasPassed: boolean, done: () => void): boolean {
    const { processedIds, repeatKeys } = this.#route.stores;
    const { id, repeatKey } = inFlight.envelope;
    const isKeySaved = hasPassed && repeatKeys !== undefined && repeatKey !== undefined;
    if (processedIds === undefined && !isKeySaved) return false;
    const release = this.holdLane(inFlight.envelope);
    let open = processedIds !== undefined && isKeySaved ? 2 : 1;
    const saved = (): void => {
      open -= 1;
      if (open > 0) return;
      done();
      release?.();
    };
    if (processedIds !== undefined) this.#save(inFlight, processedIds, id, saved);
    if (isKeySaved) this.#save(inFlight, repeatKeys, repeatKey, saved);
    return true;
  }

  /** Saves that the message has ended as a dead letter. Calls `done` once that is durable, or at once where the route saves no ids. */
  rememberDead(inFlight: InFlight, done: () => void): void {
    const { processedIds } = this.#route.stores;
    if (processedIds === undefined) done();
    else this.#save(inFlight, processedIds, deadIdOf(inFlight.envelope.delivery.id), done);
  }

  /** The next message of its lane must not be sent before the returned function is called. Undefined where that is no matter. */
  holdLane(envelope: Envelope): (() => void) | undefined {
    if (this.#route.stores.processedIds === undefined) return undefined;
    const hold = this.#holds.hold(laneOf(envelope));
    return () => this.#holds.release(hold);
  }

  /** To be called once its delivery is settled. */
  settled(envelope: Envelope): void {
    const { shared } = envelope.delivery;
    if (shared !== undefined) this.#shared?.settled(laneOf(envelope), shared);
  }

  /** Resolves once the earlier ends of this lane are durable; undefined when they are. */
  pending(lane: string): Promise<void> | undefined {
    const here = this.#holds.pending(lane);
    return here === undefined ? this.#shared?.pending(lane) : here.then(() => this.#shared?.pending(lane));
  }

  #save(inFlight: InFlight, ids: ProcessedIds, id: string, done: () => void): void {
    const { sequence } = inFlight.envelope;
    const entry = sequence === undefined ? { id } : { id, lane: laneOf(inFlight.envelope), sequence };
    this.#ids.save({ ids, entry, inFlight, done });
  }
}

/**
 * The processed id of a delivery that ended as a dead letter. It differs from the id of a message that was sent. It is made
 * of the delivery's own id: when a publisher sends a message again after the first became a dead letter, it is tried again.
 */
function deadIdOf(id: string): string {
  // No message id begins with `dead `: it begins with pipeline and route, which hold no white space.
  return `dead ${id}`;
}
