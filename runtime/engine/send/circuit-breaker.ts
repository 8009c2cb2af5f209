import type { SluiceError } from '#contract/errors.ts';
import { type Backoff, backoffMs } from '#kit/backoff.ts';
import type { Histogram } from '#kit/histogram.ts';
import type { Clock } from '../clock.ts';
import { RateLimiter } from './rate-limiter.ts';

export interface CircuitBreakerSettings {
  readonly clock: Clock;
  /** The delay between a failure and the next attempt. */
  readonly pause: Backoff;
  /** Takes the seconds from each hand-over of a frame to its confirmation. */
  readonly confirmed?: Histogram | undefined;
  /** How fast a backlog may be sent, in frames; undefined: as fast as the sink takes it. */
  readonly drainPerSecond: number | undefined;
  /**
   * Called when sending stopped at a failure; it will resume. `isFirst`: the first failure of this outage. `unconfirmed`:
   * ids of the frames that were sent and not confirmed.
   */
  onRewind(failure: SluiceError, isFirst: boolean, unconfirmed: Iterable<string>): void;
  /** Called when the first message after an outage is confirmed. */
  onFlow(): void;
}

/** The queue of frames that the breaker controls. */
export interface Sender {
  /** Most frames that may be handed over and not confirmed. */
  readonly maxInFlight: number;
  /** Hands frames to the sink while `mayIssue` is true. */
  issue(): void;
  /** Nothing is in flight any more and something failed: frames that are not confirmed are to be sent again. */
  back(): void;
  /** Ids of the frames that were handed over and not confirmed. */
  unconfirmed(): Iterable<string>;
}

/** Failures further apart than this belong to different outages: the delays begin again at the shortest. */
const CALM_MS = 10_000;

/**
 * Decides whether frames may be handed to a sink now. A failure of the bus stops sending until nothing is in flight.
 * After a delay one message is sent as a probe, and nothing follows before its result: while a server comes back, some
 * frames of a full window could pass and others not, which would break the order. From there each confirmation admits
 * one more frame, as the slow start of TCP does (RFC 5681, 3.1): a slow server does not get a full window at once.
 */
export class CircuitBreaker {
  readonly #settings: CircuitBreakerSettings;
  readonly #sender: Sender;
  readonly #rateLimiter: RateLimiter | undefined;
  #open = 0;
  /**
   * `closed`: frames pass. `draining`: something failed, and the frames in flight may end. `open`: nothing passes during the
   * delay. `half-open`: one message may be sent as a probe. `probed`: it was sent, and its result is open.
   */
  #mode: 'closed' | 'draining' | 'open' | 'half-open' | 'probed' | 'stopped' = 'closed';
  /** Most frames in flight; grows after an outage. */
  #limit = Number.POSITIVE_INFINITY;
  #failure: SluiceError | undefined;
  /** Consecutive failures of the bus: they decide the delay. */
  #failures = 0;
  #flowsSinceMs = Number.NEGATIVE_INFINITY;
  /** A frame was confirmed since the probe was sent. */
  #hasPassed = false;
  /** The sink accepted a frame since the last delay. */
  #wasTaken = false;
  /** From a failure until a message is confirmed again. */
  #isStalled = false;
  #cancelPause: (() => void) | undefined;

  constructor(settings: CircuitBreakerSettings, sender: Sender) {
    const { drainPerSecond, clock } = settings;
    this.#settings = settings;
    this.#sender = sender;
    this.#rateLimiter =
      drainPerSecond === undefined ? undefined : new RateLimiter(drainPerSecond, clock, () => sender.issue());
  }

  get open(): number {
    return this.#open;
  }

  get isStopped(): boolean {
    return this.#mode === 'stopped';
  }

  get mayIssue(): boolean {
    return this.#mode === 'closed' ? this.#open < this.#limit : this.#mode === 'half-open';
  }

  /** Whether the next message is the probe. */
  get isProbing(): boolean {
    return this.#mode === 'half-open';
  }

  /** Whether the rate limit of a backlog admits a frame now. To be called once a frame, right before it is sent. */
  mayGo(): boolean {
    return this.#rateLimiter === undefined || this.#rateLimiter.take();
  }

  /** Called when a frame is handed to the sink; for all frames of one message in the same turn. */
  began(): void {
    this.#open += 1;
    if (this.#mode === 'half-open') {
      this.#mode = 'probed';
      this.#hasPassed = false;
    }
  }

  /** Called when a frame in flight is confirmed. `progress` must follow. */
  passed(): void {
    this.#open -= 1;
    this.#hasPassed = true;
    if (this.#limit === Number.POSITIVE_INFINITY) return;
    this.#limit += 1;
    // The whole window is open again: the limit ends.
    if (this.#limit > this.#sender.maxInFlight) this.#limit = Number.POSITIVE_INFINITY;
  }

  /** Called when a frame in flight has ended for good without a confirmation. `progress` must follow. */
  ended(): void {
    this.#open -= 1;
  }

  /**
   * Called when a frame in flight failed and is to be sent again. True for the first such frame. `wasTaken` is false where
   * the sink refused it at once, because its connection is down. `progress` must follow.
   */
  failed(failure: SluiceError, wasTaken = true): boolean {
    this.#open -= 1;
    this.#wasTaken ||= wasTaken;
    const isFirst = this.#mode !== 'draining';
    // The first of several failures counts: later ones are its consequence, or their frames are sent again.
    this.#failure ??= failure;
    this.#mode = 'draining';
    return isFirst;
  }

  /** Acts on the frames that ended. To be called once the sender's own state is up to date. */
  progress(): void {
    if (this.#mode === 'stopped') return;
    if (this.#mode === 'draining') {
      if (this.#open === 0) this.#rewind();
      return;
    }
    if (this.#mode === 'probed') {
      if (this.#open > 0) return;
      // A message that is refused for good shows nothing about the connection: the next message is the probe.
      if (this.#hasPassed) this.#flowAgain();
      else this.#mode = 'half-open';
    }
    this.#sender.issue();
  }

  /** The sink is connected again: ends the delay. */
  wake(): void {
    if (this.#mode === 'open') this.#resume();
  }

  /** Sends nothing any more. */
  stop(): void {
    this.#mode = 'stopped';
    this.#cancelPause?.();
    this.#rateLimiter?.stop();
  }

  #rewind(): void {
    const { clock, pause } = this.#settings;
    const failure = this.#failure;
    this.#failure = undefined;
    // A sink that stays away refuses each probe at once: nothing was sent, so nothing is rewound.
    if (failure !== undefined && (this.#wasTaken || !this.#isStalled)) {
      this.#settings.onRewind(failure, !this.#isStalled, this.#sender.unconfirmed());
      this.#isStalled = true;
    }
    this.#wasTaken = false;
    if (failure?.scope === 'message') {
      // The fault of one message delays no other message.
      this.#failures = 0;
    } else {
      if (clock.elapsedMs() - this.#flowsSinceMs > CALM_MS) this.#failures = 0;
      this.#failures += 1;
      this.#limit = 1;
    }
    this.#flowsSinceMs = Number.POSITIVE_INFINITY;
    this.#mode = 'open';
    this.#sender.back();
    const delayMs = backoffMs(pause, Math.max(1, this.#failures), clock.random);
    this.#cancelPause = clock.after(delayMs, () => this.#resume());
  }

  #flowAgain(): void {
    this.#mode = 'closed';
    this.#limit = Math.max(this.#limit, 2);
    this.#flowsSinceMs = this.#settings.clock.elapsedMs();
    this.#isStalled = false;
    this.#rateLimiter?.begin();
    this.#settings.onFlow();
  }

  #resume(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#mode = 'half-open';
    this.#sender.issue();
  }
}
