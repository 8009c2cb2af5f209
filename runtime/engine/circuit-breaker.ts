import type { SluiceError } from '#contract/errors.ts';
import { type Backoff, backoffMs } from '#kit/backoff.ts';
import type { Clock } from './clock.ts';
import { RateLimiter } from './rate-limiter.ts';

export interface CircuitBreakerSettings {
  readonly clock: Clock;
  /** Between a failure and the next try. */
  readonly pause: Backoff;
  /** How fast a backlog may be sent, in frames; undefined: as fast as the sink takes it. */
  readonly drainPerSecond: number | undefined;
  /**
   * Sending stopped at a failure and will resume. `isFirst`: it flowed until now. `unconfirmed`: ids of what was sent and not
   * confirmed.
   */
  onRewind(failure: SluiceError, isFirst: boolean, unconfirmed: Iterable<string>): void;
  /** It flows again. */
  onFlow(): void;
}

/** Who sends: a queue of frames, in whatever order. */
export interface Sender {
  /** Most frames that may be handed over and not confirmed. */
  readonly maxInFlight: number;
  /** Hands frames over while `mayIssue` says so. */
  issue(): void;
  /** All that was under way has ended, and some of it failed: what is not confirmed is to be sent again. */
  back(): void;
  /** Ids of the frames that were handed over and not confirmed. */
  unconfirmed(): Iterable<string>;
}

/** Failures further apart than this belong to different outages: the pauses begin again at the shortest. */
const CALM_MS = 10_000;

/**
 * Whether frames may be handed to a sink now. A failure of the bus stops issuing until what is under way has ended;
 * after a pause one message alone tests the way, and nothing follows before its end has been judged: while a server
 * comes back, some frames of a full window could pass and others not. From there each confirmation admits one more, as
 * the slow start of TCP does (RFC 5681, 3.1): a server that is back and slow is not met with a full window.
 */
export class CircuitBreaker {
  readonly #settings: CircuitBreakerSettings;
  readonly #sender: Sender;
  readonly #rateLimiter: RateLimiter | undefined;
  #open = 0;
  /**
   * `ending`: a failure was seen, what is in flight may end. `probing`: one message alone may be handed over; `probed`:
   * it was.
   */
  #mode: 'closed' | 'draining' | 'open' | 'half-open' | 'probed' | 'stopped' = 'closed';
  /** So many may be under way; grows after an outage. */
  #limit = Number.POSITIVE_INFINITY;
  #failure: SluiceError | undefined;
  /** Failures of the bus that followed on one another, for the pauses between. */
  #failures = 0;
  #flowsSinceMs = Number.NEGATIVE_INFINITY;
  /** Something was confirmed since the probe was handed over. */
  #hasPassed = false;
  /** The sink took a frame of this round. */
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

  /** The next message handed over tests the way. */
  get isProbing(): boolean {
    return this.#mode === 'half-open';
  }

  /** Whether the pace of a backlog lets one go now; asked once a frame, right before it goes. */
  mayGo(): boolean {
    return this.#rateLimiter === undefined || this.#rateLimiter.take();
  }

  /** A frame is handed over; all frames of one message in one go. */
  began(): void {
    this.#open += 1;
    if (this.#mode === 'half-open') {
      this.#mode = 'probed';
      this.#hasPassed = false;
    }
  }

  /** A frame that was handed over is confirmed. `progress` is to follow. */
  passed(): void {
    this.#open -= 1;
    this.#hasPassed = true;
    if (this.#limit === Number.POSITIVE_INFINITY) return;
    this.#limit += 1;
    // The whole window is open again: there is nothing left to count.
    if (this.#limit > this.#sender.maxInFlight) this.#limit = Number.POSITIVE_INFINITY;
  }

  /** A frame that was handed over has ended for good without a confirmation. `progress` is to follow. */
  ended(): void {
    this.#open -= 1;
  }

  /**
   * A frame that was handed over failed and is to be sent again; true for the first of those. `wasTaken`: false where the
   * sink did not even take it, for it knows that it is away. `progress` is to follow.
   */
  failed(failure: SluiceError, wasTaken = true): boolean {
    this.#open -= 1;
    this.#wasTaken ||= wasTaken;
    const isFirst = this.#mode !== 'draining';
    // Of several failures the first one heard of tells: what came behind it failed because of it, or will be sent again.
    this.#failure ??= failure;
    this.#mode = 'draining';
    return isFirst;
  }

  /** Draws the conclusions of what ended, once the sender's own books are right. */
  progress(): void {
    if (this.#mode === 'stopped') return;
    if (this.#mode === 'draining') {
      if (this.#open === 0) this.#rewind();
      return;
    }
    if (this.#mode === 'probed') {
      if (this.#open > 0) return;
      // Refused for good, it says nothing about the way: the next one tests it.
      if (this.#hasPassed) this.#flowAgain();
      else this.#mode = 'half-open';
    }
    this.#sender.issue();
  }

  /** The sink is back: a pause need not run its course. */
  wake(): void {
    if (this.#mode === 'open') this.#resume();
  }

  /** Nothing more is issued. */
  stop(): void {
    this.#mode = 'stopped';
    this.#cancelPause?.();
    this.#rateLimiter?.stop();
  }

  #rewind(): void {
    const { clock, pause } = this.#settings;
    const failure = this.#failure;
    this.#failure = undefined;
    // A sink that is away all along is asked now and then whether it still is: nothing was sent, and nothing goes back.
    if (failure !== undefined && (this.#wasTaken || !this.#isStalled)) {
      this.#settings.onRewind(failure, !this.#isStalled, this.#sender.unconfirmed());
      this.#isStalled = true;
    }
    this.#wasTaken = false;
    if (failure?.scope === 'message') {
      // One message's own fault: the others need no patience for it.
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
