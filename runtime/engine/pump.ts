import type { Delivery } from '#contract/delivery.ts';
import { asSluiceError, SluiceError } from '#contract/errors.ts';
import { soundLabel } from '#contract/label.ts';
import { Dropped } from '#contract/stage.ts';
import { MOST_ENDS } from '#contract/crash-suspects.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { backoffMs } from '#kit/backoff.ts';
import { senderOf, type MessageSender } from './sender.ts';
import { Settler } from './settler.ts';
import type { InFlight } from './in-flight.ts';
import { Lanes } from './lanes.ts';
import type { Route } from './route.ts';
import { type CrashQuarantine, crashQuarantineOf } from './crash-quarantine.ts';
import { identify, pass, receive, repeatKeyOf, type Passed } from './walk.ts';
import type { WaitCounts } from './stall-detector.ts';
import { Window } from './window.ts';

/** How long the pump may work before timers and sockets get a turn. */
const TURN_MS = 10;

/**
 * An earlier process had one window in flight. A source that cannot tell these deliveries from others may give other ones
 * between them (partitions, queues): so many windows count as possible repetitions.
 */
const UNSURE_WINDOWS = 16;

/**
 * Steps 1 and 7 of the walk: reads deliveries while the window is not full, walks each, and has it settled once its
 * result is safe. `run` is called once, `stop` once.
 */
export class Pump {
  readonly #route: Route;
  readonly #window: Window;
  readonly #lanes = new Lanes<InFlight>();
  readonly #settler: Settler;
  readonly #sender: MessageSender;
  readonly #stopping = new AbortController();
  /** Defined after a crash and while a message is suspected of it; undefined it costs nothing. */
  #quarantine: CrashQuarantine | undefined;
  /** In a class that keeps the newest: whether a newer message supersedes one that waits for its lane. */
  readonly #supersedes: ((older: InFlight, newer: InFlight) => boolean) | undefined;
  /** How many further deliveries of a source without attempt numbers an earlier process may have sent. */
  #mayRepeat: number;

  constructor(route: Route) {
    this.#route = route;
    this.#window = new Window(route.window);
    this.#mayRepeat = route.window.messages * UNSURE_WINDOWS;
    this.#settler = new Settler(route, this.#window, {
      again: (inFlight) => this.#enter(inFlight),
      deadLettered: (inFlight) => this.#quarantine?.deadLettered(inFlight),
    });
    this.#quarantine = crashQuarantineOf(route, {
      quarantine: (inFlight) => this.#reject(inFlight),
      over: () => (this.#quarantine = undefined),
    });
    this.#sender = senderOf(route, this.#settler);
    this.#supersedes =
      CLASSES[route.trafficClass].keeps === 'newest' ? (older, newer) => this.#supersede(older, newer) : undefined;
  }

  /** Resolves after `stop`; rejects when the source is lost for good. */
  async run(): Promise<void> {
    const { signal } = this.#stopping;
    let turnEndsAt = performance.now() + TURN_MS;
    while (!signal.aborted) {
      const demand = this.#window.demand();
      if (demand === undefined) {
        await this.#window.opened(signal);
        continue;
      }
      for (const delivery of await this.#route.source.read(demand, signal)) this.#begin(delivery);
      if (performance.now() >= turnEndsAt) {
        await new Promise(setImmediate);
        turnEndsAt = performance.now() + TURN_MS;
      }
    }
  }

  /** Counts the unsettled deliveries by the thing that they wait for. */
  waiting(): WaitCounts {
    return this.#settler.waiting();
  }

  /** The sink is connected again. */
  wake(): void {
    this.#sender.wake();
  }

  /**
   * Invariant 7: stops reading, lets the messages in flight end within `deadlineMs`, and releases the rest to the source.
   * Resolves when every delivery is settled, with the counts of the rest; then source and sink may be closed.
   */
  async stop(deadlineMs: number): Promise<WaitCounts> {
    this.#stopping.abort();
    await this.#settler.idle(deadlineMs);
    const left = this.#settler.waiting();
    this.#sender.stop();
    this.#quarantine?.stop();
    this.#settler.release();
    return left;
  }

  #begin(delivery: Delivery): void {
    const { clock, tracer } = this.#route;
    const inFlight: InFlight = {
      delivery,
      bytes: delivery.frame.body?.length ?? 0,
      receivedAtMs: delivery.replay?.receivedAtMs ?? delivery.arrivedAtMs ?? clock.nowMs(),
      trace: tracer?.begin(delivery),
      message: undefined,
      lane: undefined,
      label: undefined,
      id: delivery.id,
      hops: 0,
      madeAtMs: undefined,
      expiresAtMs: undefined,
      sequence: undefined,
      repeatKey: undefined,
      mayRepeat: false,
      isIdReused: false,
      attempt: 1,
      unreachableSinceMs: undefined,
      unsent: 0,
      refusal: undefined,
      settled: false,
      place: 0,
    };
    this.#settler.add(inFlight);
    if (this.#quarantine?.wants(inFlight) === true) this.#quarantine.take(inFlight, () => this.#open(inFlight));
    else this.#open(inFlight);
  }

  /** Decodes the frame and admits the message. */
  #open(inFlight: InFlight): void {
    const { lane, attempt, shared } = inFlight.delivery;
    let repeatKey: string | undefined;
    try {
      inFlight.message = receive(this.#route, inFlight);
      repeatKey = repeatKeyOf(this.#route, inFlight, inFlight.message);
    } catch (thrown) {
      this.#quarantine?.left(inFlight, false);
      this.#settler.refused(inFlight, asSluiceError(thrown));
      return;
    }
    inFlight.lane = lane === undefined ? inFlight.message : { key: undefined, address: lane };
    if (!this.#settler.admits(inFlight, repeatKey)) {
      this.#quarantine?.left(inFlight, false);
      return;
    }
    if (this.#mayRepeat > 0) {
      this.#mayRepeat -= 1;
      inFlight.mayRepeat = attempt === undefined;
    }
    if (shared?.mayBeRepeat === true) inFlight.mayRepeat = true;
    this.#enter(inFlight);
  }

  #enter(inFlight: InFlight): void {
    if (inFlight.lane === undefined) return;
    const supersedes = this.#supersedes;
    const queued =
      supersedes === undefined
        ? this.#lanes.queue(inFlight.lane, inFlight)
        : this.#lanes.queue(inFlight.lane, inFlight, (older) => supersedes(older, inFlight));
    if (queued) this.#quarantine?.left(inFlight, false);
    else this.#step(inFlight);
  }

  #reject(inFlight: InFlight): void {
    identify(this.#route, inFlight);
    inFlight.label = soundLabel(inFlight.delivery.frame);
    const text = `expected the process to outlive this message, found that it ended ${MOST_ENDS} times while the message was in its stages`;
    this.#settler.refused(inFlight, new SluiceError('PROCESS_ENDED', text));
  }

  #supersede(older: InFlight, newer: InFlight): boolean {
    // A replayed dead letter comes late; it is not newer for that.
    if (newer.delivery.replay !== undefined) return false;
    const isSame =
      older.message?.key === newer.message?.key && older.delivery.frame.address === newer.delivery.frame.address;
    const isNewer = older.sequence === undefined || newer.sequence === undefined || older.sequence <= newer.sequence;
    if (!isSame || !isNewer) return false;
    this.#settler.superseded(older, newer);
    return true;
  }

  /** One attempt of a message that is the next of its lane. */
  #step(inFlight: InFlight): 'done' | 'holds' {
    if (inFlight.message === undefined || inFlight.lane === undefined || inFlight.settled) return 'done';
    if (this.#quarantine?.wants(inFlight) === true) {
      // A message that comes here, from a released lane or a retry, holds the lane already.
      this.#quarantine.take(inFlight, () => {
        if (this.#step(inFlight) === 'done') this.#release(inFlight);
      });
      return 'holds';
    }
    try {
      // A function may have changed its argument: each further attempt begins with the frame as it was read.
      if (inFlight.attempt > 1) inFlight.message = receive(this.#route, inFlight);
      const passed = pass(this.#route, inFlight, inFlight.message);
      if (!(passed instanceof Promise)) {
        this.#quarantine?.left(inFlight, true);
        this.#leave(inFlight, passed);
        return 'done';
      }
      this.#lanes.hold(inFlight.lane);
      passed.then(
        (made) => {
          this.#quarantine?.left(inFlight, true);
          this.#leave(inFlight, made);
          this.#release(inFlight);
        },
        (thrown: unknown) => {
          if (this.#failed(inFlight, asSluiceError(thrown)) === 'done') this.#release(inFlight);
        },
      );
      return 'holds';
    } catch (thrown) {
      return this.#failed(inFlight, asSluiceError(thrown));
    }
  }

  #release(inFlight: InFlight): void {
    if (inFlight.lane !== undefined) this.#lanes.release(inFlight.lane, (next) => this.#step(next));
  }

  /** A stage failed: tries again while it holds the lane (invariant 5), or refuses the message. */
  #failed(inFlight: InFlight, failure: SluiceError): 'done' | 'holds' {
    this.#quarantine?.left(inFlight, false);
    const { backoff, clock, counters } = this.#route;
    if (failure.verdict === 'reject' || inFlight.lane === undefined || this.#isSpent(inFlight, failure)) {
      this.#settler.refused(inFlight, failure);
      return 'done';
    }
    this.#lanes.hold(inFlight.lane);
    const delayMs = backoffMs(backoff, inFlight.attempt, clock.random);
    inFlight.attempt += 1;
    counters.retries += 1;
    clock.after(delayMs, () => {
      if (this.#step(inFlight) === 'done') this.#release(inFlight);
    });
    return 'holds';
  }

  /** Whether its attempts are used up. A service that a function needs may be away for longer: `networkRetryMs` bounds that. */
  #isSpent(inFlight: InFlight, { code }: SluiceError): boolean {
    const { attempts, networkRetryMs, clock } = this.#route;
    if (code === 'TRANSFORM_UNREACHABLE') {
      inFlight.unreachableSinceMs ??= clock.elapsedMs();
      if (clock.elapsedMs() - inFlight.unreachableSinceMs < networkRetryMs) return false;
    }
    return inFlight.attempt >= attempts;
  }

  #leave(inFlight: InFlight, passed: Passed): void {
    if (inFlight.settled) return;
    if (passed instanceof Dropped) this.#settler.dropped(inFlight);
    else this.#sender.send(inFlight, passed);
  }
}
