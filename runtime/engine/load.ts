import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Clock } from './clock.ts';
import { swallowed } from './dispatch.ts';
import { expired, isExpired } from './expiry.ts';
import type { Job } from './job.ts';
import { knownSinceMs } from './known.ts';
import { laneOf } from './lane-of.ts';
import type { Sending } from './outbox.ts';
import type { RepeatCause } from './repeat-cause.ts';
import type { Route } from './route.ts';

/** Who hears how a load ended. Exactly one of these is called, once. */
export interface LoadEnds {
  delivered(job: Job): void;
  refused(job: Job, failure: SluiceError): void;
  /** `by`: the message that is sent in its place; undefined where that was sent before. */
  superseded(job: Job, by?: Job): void;
  /** It was passed on before, by this process or an earlier one. */
  repeated(job: Job, cause: RepeatCause, earlierMs: number | undefined): void;
  /** Resolves once those that ended before it in its lane are durable; undefined when they are. */
  pending(lane: string): Promise<void> | undefined;
}

/** All frames of one delivery on their way, of a class that has one message of a key under way at a time. */
export class Load {
  readonly lane: string;
  readonly frames: Frame[];
  readonly expiresAtMs: number | undefined;
  /** Written by the slots alone: rounds of sending. */
  sends = 0;
  /** Written by the slots alone: failed rounds that were its own fault. */
  faults = 0;
  /** How many of the frames, from the first one on, the sink holds. */
  confirmed = 0;
  readonly #route: Route;
  readonly #job: Job;
  readonly #ends: LoadEnds;

  constructor(route: Route, job: Job, frames: readonly Frame[], ends: LoadEnds) {
    this.lane = laneOf(job);
    this.frames = [...frames];
    this.expiresAtMs = job.expiresAtMs;
    this.#route = route;
    this.#job = job;
    this.#ends = ends;
  }

  isOlderThan(other: Load): boolean {
    const [mine, its] = [this.#job.sequence, other.#job.sequence];
    if (mine !== undefined && its !== undefined) return mine < its;
    // A letter that comes back comes late: it is not newer for that.
    return this.#job.delivery.replay !== undefined && other.#job.delivery.replay === undefined;
  }

  /** Ends what must not be sent now that its turn has come; true when it did. Otherwise it counts as sent from here on. */
  ends(clock: Clock): boolean {
    const { freshness } = this.#route;
    if (isExpired(this, clock)) {
      // Invariant 8: expired is never handed to a sink.
      this.#ends.refused(this.#job, expired());
      return true;
    }
    const knownMs = knownSinceMs(this.#route, this.#job);
    if (knownMs !== undefined) {
      this.#ends.repeated(this.#job, 'remembered', knownMs);
      return true;
    }
    if (freshness.isStale(this.lane, this.#job.sequence)) {
      if (CLASSES[this.#route.trafficClass].stale === 'superseded') this.#ends.superseded(this.#job);
      else this.#ends.refused(this.#job, new SluiceError('STALE', 'a newer one of its key was sent before'));
      return true;
    }
    freshness.sent(this.lane, this.#job.sequence);
    return false;
  }

  sending(frame: Frame): Sending | undefined {
    const span = this.#job.trace?.send(frame);
    if (span === undefined) return undefined;
    return { frame: { ...frame, headers: span.headers }, end: (failure) => span.end(failure) };
  }

  /** The sink holds the first of the frames that were not confirmed. */
  confirm(receipt: Receipt): void {
    const { counters } = this.#route;
    const frame = this.frames[this.confirmed];
    counters.sent += 1;
    counters.retries += this.sends - 1;
    if (frame !== undefined && receipt === 'duplicate' && this.sends === 1 && this.#job.delivery.attempt === 1) {
      const renamed = swallowed(this.#route, this.#job, frame);
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
    this.#ends.delivered(this.#job);
  }

  refused(failure: SluiceError): void {
    this.#ends.refused(this.#job, failure);
  }

  superseded(by: Load): void {
    this.#ends.superseded(this.#job, by.#job);
  }
}
