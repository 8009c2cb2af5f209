import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Clock } from './clock.ts';
import { renameIfSwallowed } from './outgoing-frame.ts';
import { expired, isExpired } from './expiry.ts';
import type { InFlight } from './in-flight.ts';
import { processedAtMs } from './is-processed.ts';
import { laneOf } from './lane-of.ts';
import type { Sending } from './pipelined-sender.ts';
import type { RepeatCause } from './repeat-cause.ts';
import type { Route } from './route.ts';

/** Takes the result of a message. Exactly one of delivered, refused, superseded and repeated is called, once. */
export interface MessageEnds {
  delivered(inFlight: InFlight): void;
  refused(inFlight: InFlight, failure: SluiceError): void;
  /** `by`: the message that is sent in its place; undefined where that was sent before. */
  superseded(inFlight: InFlight, by?: InFlight): void;
  /** This process or another one processed it before, or does so now. */
  repeated(inFlight: InFlight, cause: RepeatCause, earlierMs: number | undefined): void;
  /** Resolves once the earlier results of its lane are durable; undefined when they are. */
  pending(lane: string): Promise<void> | undefined;
}

/** All frames of one delivery, in a class that has one message of a key in flight at a time. */
export class OutgoingMessage {
  readonly lane: string;
  readonly frames: Frame[];
  readonly expiresAtMs: number | undefined;
  /** Written by PerKeySender alone: attempts to send. */
  sends = 0;
  /** Written by PerKeySender alone: failed attempts that were the message's own fault. */
  faults = 0;
  /** How many frames, from the first one on, the sink has confirmed. */
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
    // A replayed dead letter comes late; it is not newer for that.
    return this.#inFlight.delivery.replay !== undefined && other.#inFlight.delivery.replay === undefined;
  }

  /** Ends a message that must not be sent when its turn comes, and returns true. Otherwise it counts as sent from now on. */
  ends(clock: Clock): boolean {
    const { sequences } = this.#route;
    if (this.#inFlight.delivery.shared?.isRevoked === true) {
      this.#ends.repeated(this.#inFlight, 'revoked', undefined);
      return true;
    }
    if (isExpired(this, clock)) {
      // Invariant 8: an expired message is never handed to a sink.
      this.#ends.refused(this.#inFlight, expired());
      return true;
    }
    const processedMs = processedAtMs(this.#route, this.#inFlight);
    if (processedMs !== undefined) {
      this.#ends.repeated(this.#inFlight, 'remembered', processedMs);
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

  /** The sink has confirmed the first of the unconfirmed frames. */
  confirm(receipt: Receipt): void {
    const { counters } = this.#route;
    const frame = this.frames[this.confirmed];
    counters.sent += 1;
    counters.retries += this.sends - 1;
    if (frame !== undefined && receipt === 'duplicate' && this.sends === 1 && this.#inFlight.delivery.attempt === 1) {
      const renamed = renameIfSwallowed(this.#route, this.#inFlight, frame);
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
