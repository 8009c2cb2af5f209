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
  /** Hands frames over while `mayIssue` says so. */
  issue(): void;
  /** All that was under way has ended, and some of it failed: what is not confirmed is to be sent again. */
  back(): void;
  /** Ids of the frames that were handed over and not confirmed. */
  inDoubt(): Iterable<string>;
}

/**
 * Whether frames may be handed to a sink now. A failure of the bus stops issuing until what is under way has ended;
 * after a pause one frame alone tests the way: while a server comes back, some frames of a full window could pass and
 * others not.
 */
export class Flow {
  readonly #settings: FlowSettings;
  readonly #sender: Sender;
  readonly #pace: Pace | undefined;
  #open = 0;
  /** `ending`: a failure was seen, what is in flight may end. `probing`: one frame alone tests the way. */
  #mode: 'flowing' | 'ending' | 'paused' | 'probing' | 'stopped' = 'flowing';
  #failure: SluiceError | undefined;
  #failures = 0;
  /** From a failure until a frame is confirmed again. */
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
    return this.#mode === 'flowing' || (this.#mode === 'probing' && this.#open === 0);
  }

  /** Whether the pace of a backlog lets one go now; asked once a frame, right before it goes. */
  mayGo(): boolean {
    return this.#pace === undefined || this.#pace.take();
  }

  /** A frame is handed over. */
  began(): void {
    this.#open += 1;
  }

  /** A frame that was handed over is confirmed. `progress` is to follow. */
  passed(): void {
    this.#open -= 1;
    this.#failures = 0;
  }

  /** A frame that was handed over has ended for good without a confirmation. `progress` is to follow. */
  ended(): void {
    this.#open -= 1;
  }

  /** A frame that was handed over failed and is to be sent again. `progress` is to follow. */
  failed(failure: SluiceError): void {
    this.#open -= 1;
    // Of several failures the first one heard of tells: what came behind it failed because of it, or will be sent again.
    this.#failure ??= failure;
    this.#mode = 'ending';
  }

  /** Draws the conclusions of what ended, once the sender's own books are right. */
  progress(): void {
    if (this.#mode === 'stopped') return;
    if (this.#mode === 'ending') {
      if (this.#open === 0) this.#goBack();
      return;
    }
    if (this.#mode === 'probing' && this.#failures === 0) {
      this.#mode = 'flowing';
      this.#isStalled = false;
      this.#pace?.begin();
      this.#settings.onFlow();
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
    if (failure !== undefined) {
      this.#settings.onGoBack(failure, !this.#isStalled, this.#sender.inDoubt());
      this.#isStalled = true;
    }
    this.#failures += 1;
    this.#mode = 'paused';
    this.#sender.back();
    const delayMs = backoffMs(pause, this.#failures, clock.random);
    this.#cancelPause = clock.after(delayMs, () => this.#resume());
  }

  #resume(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#mode = 'probing';
    this.#sender.issue();
  }
}
