import type { SluiceError } from '#contract/errors.ts';
import { type Backoff, backoffMs } from '#kit/backoff.ts';
import type { Clock } from './clock.ts';
import { Pace } from './pace.ts';

export interface FlowSettings {
  readonly clock: Clock;
  /** Between a failure and the next try. */
  readonly pause: Backoff;
  /** How fast a backlog may be sent, in frames; undefined: as fast as the sink takes it. */
  readonly drainPerSecond: number | undefined;
  /**
   * Sending stopped at a failure and will resume. `isFirst`: it flowed until now. `inDoubt`: ids of what was sent and not
   * confirmed.
   */
  onGoBack(failure: SluiceError, isFirst: boolean, inDoubt: Iterable<string>): void;
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
  inDoubt(): Iterable<string>;
}

/** Failures further apart than this belong to different outages: the pauses begin again at the shortest. */
const CALM_MS = 10_000;

/**
 * Whether frames may be handed to a sink now. A failure of the bus stops issuing until what is under way has ended;
 * after a pause one message alone tests the way, and nothing follows before its end has been judged: while a server
 * comes back, some frames of a full window could pass and others not. From there each confirmation admits one more, as
 * the slow start of TCP does (RFC 5681, 3.1): a server that is back and slow is not met with a full window.
 */
export class Flow {
  readonly #settings: FlowSettings;
  readonly #sender: Sender;
  readonly #pace: Pace | undefined;
  #open = 0;
  /**
   * `ending`: a failure was seen, what is in flight may end. `probing`: one message alone may be handed over; `probed`:
   * it was.
   */
  #mode: 'flowing' | 'ending' | 'paused' | 'probing' | 'probed' | 'stopped' = 'flowing';
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

  constructor(settings: FlowSettings, sender: Sender) {
    const { drainPerSecond, clock } = settings;
    this.#settings = settings;
    this.#sender = sender;
    this.#pace = drainPerSecond === undefined ? undefined : new Pace(drainPerSecond, clock, () => sender.issue());
  }

  get open(): number {
    return this.#open;
  }

  get isStopped(): boolean {
    return this.#mode === 'stopped';
  }

  get mayIssue(): boolean {
    return this.#mode === 'flowing' ? this.#open < this.#limit : this.#mode === 'probing';
  }

  /** The next message handed over tests the way. */
  get isProbing(): boolean {
    return this.#mode === 'probing';
  }

  /** Whether the pace of a backlog lets one go now; asked once a frame, right before it goes. */
  mayGo(): boolean {
    return this.#pace === undefined || this.#pace.take();
  }

  /** A frame is handed over; all frames of one message in one go. */
  began(): void {
    this.#open += 1;
    if (this.#mode === 'probing') {
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
    const isFirst = this.#mode !== 'ending';
    // Of several failures the first one heard of tells: what came behind it failed because of it, or will be sent again.
    this.#failure ??= failure;
    this.#mode = 'ending';
    return isFirst;
  }

  /** Draws the conclusions of what ended, once the sender's own books are right. */
  progress(): void {
    if (this.#mode === 'stopped') return;
    if (this.#mode === 'ending') {
      if (this.#open === 0) this.#goBack();
      return;
    }
    if (this.#mode === 'probed') {
      if (this.#open > 0) return;
      // Refused for good, it says nothing about the way: the next one tests it.
      if (this.#hasPassed) this.#flowAgain();
      else this.#mode = 'probing';
    }
    this.#sender.issue();
  }

  /** The sink is back: a pause need not run its course. */
  wake(): void {
    if (this.#mode === 'paused') this.#resume();
  }

  /** Nothing more is issued. */
  stop(): void {
    this.#mode = 'stopped';
    this.#cancelPause?.();
    this.#pace?.stop();
  }

  #goBack(): void {
    const { clock, pause } = this.#settings;
    const failure = this.#failure;
    this.#failure = undefined;
    // A sink that is away all along is asked now and then whether it still is: nothing was sent, and nothing goes back.
    if (failure !== undefined && (this.#wasTaken || !this.#isStalled)) {
      this.#settings.onGoBack(failure, !this.#isStalled, this.#sender.inDoubt());
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
    this.#mode = 'paused';
    this.#sender.back();
    const delayMs = backoffMs(pause, Math.max(1, this.#failures), clock.random);
    this.#cancelPause = clock.after(delayMs, () => this.#resume());
  }

  #flowAgain(): void {
    this.#mode = 'flowing';
    this.#limit = Math.max(this.#limit, 2);
    this.#flowsSinceMs = this.#settings.clock.elapsedMs();
    this.#isStalled = false;
    this.#pace?.begin();
    this.#settings.onFlow();
  }

  #resume(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#mode = 'probing';
    this.#sender.issue();
  }
}
