import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Clock } from './clock.ts';
import { swallowed } from './outgoing-frame.ts';
import { expired, isExpired } from './expiry.ts';
import type { InFlight } from './in-flight.ts';
import { knownSinceMs } from './is-processed.ts';
import { laneOf } from './lane-of.ts';
import type { Sending } from './pipelined-sender.ts';
import type { RepeatCause } from './repeat-cause.ts';
import type { Route } from './route.ts';

/** Who hears how a message ended. Exactly one of these is called, once. */
export interface MessageEnds {
  delivered(inFlight: InFlight): void;
  refused(inFlight: InFlight, failure: SluiceError): void;
  /** `by`: the message that is sent in its place; undefined where that was sent before. */
  superseded(inFlight: InFlight, by?: InFlight): void;
  /** It was passed on before, by this process or an earlier one. */
  repeated(inFlight: InFlight, cause: RepeatCause, earlierMs: number | undefined): void;
  /** Resolves once those that ended before it in its lane are durable; undefined when they are. */
  pending(lane: string): Promise<void> | undefined;
}

/** All frames of one delivery on their way, of a class that has one message of a key under way at a time. */
export class OutgoingMessage {
  readonly lane: string;
  readonly frames: Frame[];
  readonly expiresAtMs: number | undefined;
  /** Written by the PerKeySender alone: rounds of sending. */
  sends = 0;
  /** Written by the PerKeySender alone: failed rounds that were its own fault. */
  faults = 0;
  /** How many of the frames, from the first one on, the sink holds. */
  confirmed = 0;
  readonly #route: Route;
  readonly #inFlight: InFlight;
  readonly #ends: MessageEnds;

  constructor(route: Route, inFlight: InFlight, frames: readonly Frame[], ends: MessageEnds) {
    this.lane = laneOf(inFlight);
    this.frames = [...frames];
    this.expiresAtMs = inFlight.expiresAtMs;
    this.#route = route;
    this.#inFlight = inFlight;
    this.#ends = ends;
  }

  isOlderThan(other: OutgoingMessage): boolean {
    const [mine, its] = [this.#inFlight.sequence, other.#inFlight.sequence];
    if (mine !== undefined && its !== undefined) return mine < its;
    // A letter that comes back comes late: it is not newer for that.
    return this.#inFlight.delivery.replay !== undefined && other.#inFlight.delivery.replay === undefined;
  }

  /** Ends what must not be sent now that its turn has come; true when it did. Otherwise it counts as sent from here on. */
  ends(clock: Clock): boolean {
    const { sequences } = this.#route;
    if (isExpired(this, clock)) {
      // Invariant 8: expired is never handed to a sink.
      this.#ends.refused(this.#inFlight, expired());
      return true;
    }
    const knownMs = knownSinceMs(this.#route, this.#inFlight);
    if (knownMs !== undefined) {
      this.#ends.repeated(this.#inFlight, 'remembered', knownMs);
      return true;
    }
    if (sequences.isStale(this.lane, this.#inFlight.sequence)) {
      if (CLASSES[this.#route.trafficClass].stale === 'superseded') this.#ends.superseded(this.#inFlight);
      else this.#ends.refused(this.#inFlight, new SluiceError('STALE', 'a newer one of its key was sent before'));
      return true;
    }
    sequences.sent(this.lane, this.#inFlight.sequence);
    return false;
  }

  sending(frame: Frame): Sending | undefined {
    const span = this.#inFlight.trace?.send(frame);
    if (span === undefined) return undefined;
    return { frame: { ...frame, headers: span.headers }, end: (failure) => span.end(failure) };
  }

  /** The sink holds the first of the frames that were not confirmed. */
  confirm(receipt: Receipt): void {
    const { counters } = this.#route;
    const frame = this.frames[this.confirmed];
    counters.sent += 1;
    counters.retries += this.sends - 1;
    if (frame !== undefined && receipt === 'duplicate' && this.sends === 1 && this.#inFlight.delivery.attempt === 1) {
      const renamed = swallowed(this.#route, this.#inFlight, frame);
      if (renamed !== undefined) {
        this.frames[this.confirmed] = renamed;
        return;
      }
    }
    this.confirmed += 1;
  }

  pending(): Promise<void> | undefined {
    return this.#ends.pending(this.lane);
  }

  delivered(): void {
    this.#ends.delivered(this.#inFlight);
  }

  refused(failure: SluiceError): void {
    this.#ends.refused(this.#inFlight, failure);
  }

  superseded(by: OutgoingMessage): void {
    this.#ends.superseded(this.#inFlight, by.#inFlight);
  }
}
