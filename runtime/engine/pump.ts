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
import type { Waiting } from './stall-detector.ts';
import { Window } from './window.ts';

/** How long the pump may go on without letting timers and sockets have their turn. */
const TURN_MS = 10;

/**
 * An earlier process had one window under way. A source that cannot say which deliveries those are may give others
 * between them: partitions, queues.
 */
const UNSURE_WINDOWS = 16;

/**
 * Steps 1 and 7 of the walk: takes deliveries while the window has room, walks each, and settles it once its end is
 * safe. `run` once, `stop` once.
 */
export class Pump {
  readonly #route: Route;
  readonly #window: Window;
  readonly #lanes = new Lanes<InFlight>();
  readonly #endings: Settler;
  readonly #courier: MessageSender;
  readonly #stopping = new AbortController();
  /** After a crash, and while somebody is suspected of it; else undefined, and then it costs nothing. */
  #quarantine: CrashQuarantine | undefined;
  /** In a class that keeps the newest, a message that waits for its lane gives way to a newer one. */
  readonly #givesWay: ((older: InFlight, newer: InFlight) => boolean) | undefined;
  /** Deliveries that an earlier process may have sent: so many of a source that cannot tell. */
  #mayRepeat: number;

  constructor(route: Route) {
    this.#route = route;
    this.#window = new Window(route.window);
    this.#mayRepeat = route.window.messages * UNSURE_WINDOWS;
    this.#endings = new Settler(route, this.#window, {
      again: (inFlight) => this.#enter(inFlight),
      deadLettered: (inFlight) => this.#quarantine?.deadLettered(inFlight),
    });
    this.#quarantine = crashQuarantineOf(route, {
      quarantine: (inFlight) => this.#convict(inFlight),
      over: () => (this.#quarantine = undefined),
    });
    this.#courier = senderOf(route, this.#endings);
    this.#givesWay =
      CLASSES[route.trafficClass].keeps === 'newest' ? (older, newer) => this.#supersede(older, newer) : undefined;
  }

  /** Resolves after `stop`; rejects when the source is lost for good. */
  async run(): Promise<void> {
    const { signal } = this.#stopping;
    let turnEndsAt = performance.now() + TURN_MS;
    while (!signal.aborted) {
      const room = this.#window.room();
      if (room === undefined) {
        await this.#window.opened(signal);
        continue;
      }
      for (const delivery of await this.#route.source.read(room, signal)) this.#begin(delivery);
      if (performance.now() >= turnEndsAt) {
        await new Promise(setImmediate);
        turnEndsAt = performance.now() + TURN_MS;
      }
    }
  }

  /** What the unsettled deliveries wait for. */
  waiting(): Waiting {
    return this.#endings.waiting();
  }

  /** The sink's connection is back. */
  wake(): void {
    this.#courier.wake();
  }

  /**
   * Invariant 7: reads no more, lets what is in flight end until `deadlineMs` have passed, gives the rest back to the
   * source. Resolves when every delivery is settled, with what the rest waited for; then source and sink may be closed.
   */
  async stop(deadlineMs: number): Promise<Waiting> {
    this.#stopping.abort();
    await this.#endings.idle(deadlineMs);
    const left = this.#endings.waiting();
    this.#courier.stop();
    this.#quarantine?.stop();
    this.#endings.giveBack();
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
    this.#endings.add(inFlight);
    if (this.#quarantine?.wants(inFlight) === true) this.#quarantine.take(inFlight, () => this.#open(inFlight));
    else this.#open(inFlight);
  }

  /** Looks into the frame. */
  #open(inFlight: InFlight): void {
    const { lane, attempt } = inFlight.delivery;
    let repeatKey: string | undefined;
    try {
      inFlight.message = receive(this.#route, inFlight);
      repeatKey = repeatKeyOf(this.#route, inFlight, inFlight.message);
    } catch (thrown) {
      this.#quarantine?.left(inFlight, false);
      this.#endings.refused(inFlight, asSluiceError(thrown));
      return;
    }
    inFlight.lane = lane === undefined ? inFlight.message : { key: undefined, address: lane };
    if (!this.#endings.admits(inFlight, repeatKey)) {
      this.#quarantine?.left(inFlight, false);
      return;
    }
    if (this.#mayRepeat > 0) {
      this.#mayRepeat -= 1;
      inFlight.mayRepeat = attempt === undefined;
    }
    this.#enter(inFlight);
  }

  #enter(inFlight: InFlight): void {
    if (inFlight.lane === undefined) return;
    const givesWay = this.#givesWay;
    const queued =
      givesWay === undefined
        ? this.#lanes.queue(inFlight.lane, inFlight)
        : this.#lanes.queue(inFlight.lane, inFlight, (older) => givesWay(older, inFlight));
    if (queued) this.#quarantine?.left(inFlight, false);
    else this.#step(inFlight);
  }

  #convict(inFlight: InFlight): void {
    identify(this.#route, inFlight);
    inFlight.label = soundLabel(inFlight.delivery.frame);
    const text = `expected the process to outlive this message, found that it ended ${MOST_ENDS} times while the message was in its stages`;
    this.#endings.refused(inFlight, new SluiceError('PROCESS_ENDED', text));
  }

  #supersede(older: InFlight, newer: InFlight): boolean {
    // A letter that comes back comes late: it is not newer for that.
    if (newer.delivery.replay !== undefined) return false;
    const isSame =
      older.message?.key === newer.message?.key && older.delivery.frame.address === newer.delivery.frame.address;
    const isNewer = older.sequence === undefined || newer.sequence === undefined || older.sequence <= newer.sequence;
    if (!isSame || !isNewer) return false;
    this.#endings.superseded(older, newer);
    return true;
  }

  /** One try of a message whose turn it is in its lane. */
  #step(inFlight: InFlight): 'done' | 'holds' {
    if (inFlight.message === undefined || inFlight.lane === undefined || inFlight.settled) return 'done';
    if (this.#quarantine?.wants(inFlight) === true) {
      // Whoever comes here, from a released lane or a retry, holds the lane already.
      this.#quarantine.take(inFlight, () => {
        if (this.#step(inFlight) === 'done') this.#release(inFlight);
      });
      return 'holds';
    }
    try {
      // A function may have changed the body that it was handed: each further try begins with what was read.
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

  /** A stage failed: tries again, holding the lane (invariant 5), or gives up. */
  #failed(inFlight: InFlight, failure: SluiceError): 'done' | 'holds' {
    this.#quarantine?.left(inFlight, false);
    const { backoff, clock, counters } = this.#route;
    if (failure.verdict === 'reject' || inFlight.lane === undefined || this.#isSpent(inFlight, failure)) {
      this.#endings.refused(inFlight, failure);
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

  /** Whether its tries are used up. What a function needs may be away for longer than they take: that has a time of its own. */
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
    if (passed instanceof Dropped) this.#endings.dropped(inFlight);
    else this.#courier.send(inFlight, passed);
  }
}
