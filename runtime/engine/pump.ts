import type { Delivery } from '#contract/delivery.ts';
import { asSluiceError, SluiceError } from '#contract/errors.ts';
import { soundLabel } from '#contract/label.ts';
import { Dropped } from '#contract/stage.ts';
import { MOST_ENDS } from '#contract/suspects.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { backoffMs } from '#kit/backoff.ts';
import { courierOf, type Courier } from './courier.ts';
import { Endings } from './endings.ts';
import type { Job } from './job.ts';
import { Lanes } from './lanes.ts';
import type { Route } from './route.ts';
import { type Trial, trialOf } from './trial.ts';
import { identify, pass, receive, repeatKeyOf, type Passed } from './walk.ts';
import type { Waiting } from './watchdog.ts';
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
  readonly #lanes = new Lanes<Job>();
  readonly #endings: Endings;
  readonly #courier: Courier;
  readonly #stopping = new AbortController();
  /** After a crash, and while somebody is suspected of it; else undefined, and then it costs nothing. */
  #trial: Trial | undefined;
  /** In a class that keeps the newest, a message that waits for its lane gives way to a newer one. */
  readonly #givesWay: ((older: Job, newer: Job) => boolean) | undefined;
  /** Deliveries that an earlier process may have sent: so many of a source that cannot tell. */
  #mayRepeat: number;

  constructor(route: Route) {
    this.#route = route;
    this.#window = new Window(route.window);
    this.#mayRepeat = route.window.messages * UNSURE_WINDOWS;
    this.#endings = new Endings(route, this.#window, {
      again: (job) => this.#enter(job),
      buried: (job) => this.#trial?.buried(job),
    });
    this.#trial = trialOf(route, {
      convict: (job) => this.#convict(job),
      over: () => (this.#trial = undefined),
    });
    this.#courier = courierOf(route, this.#endings);
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
    this.#trial?.stop();
    this.#endings.giveBack();
    return left;
  }

  #begin(delivery: Delivery): void {
    const { clock, tracer } = this.#route;
    const job: Job = {
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
    this.#endings.add(job);
    if (this.#trial?.wants(job) === true) this.#trial.take(job, () => this.#open(job));
    else this.#open(job);
  }

  /** Looks into the frame. */
  #open(job: Job): void {
    const { lane, attempt } = job.delivery;
    let repeatKey: string | undefined;
    try {
      job.message = receive(this.#route, job);
      repeatKey = repeatKeyOf(this.#route, job, job.message);
    } catch (thrown) {
      this.#trial?.left(job, false);
      this.#endings.refused(job, asSluiceError(thrown));
      return;
    }
    job.lane = lane === undefined ? job.message : { key: undefined, address: lane };
    if (!this.#endings.admits(job, repeatKey)) {
      this.#trial?.left(job, false);
      return;
    }
    if (this.#mayRepeat > 0) {
      this.#mayRepeat -= 1;
      job.mayRepeat = attempt === undefined;
    }
    this.#enter(job);
  }

  #enter(job: Job): void {
    if (job.lane === undefined) return;
    const givesWay = this.#givesWay;
    const queued =
      givesWay === undefined
        ? this.#lanes.queue(job.lane, job)
        : this.#lanes.queue(job.lane, job, (older) => givesWay(older, job));
    if (queued) this.#trial?.left(job, false);
    else this.#step(job);
  }

  #convict(job: Job): void {
    identify(this.#route, job);
    job.label = soundLabel(job.delivery.frame);
    const text = `expected the process to outlive this message, found that it ended ${MOST_ENDS} times while the message was in its stages`;
    this.#endings.refused(job, new SluiceError('PROCESS_ENDED', text));
  }

  #supersede(older: Job, newer: Job): boolean {
    // A letter that comes back comes late: it is not newer for that.
    if (newer.delivery.replay !== undefined) return false;
    const isSame =
      older.message?.key === newer.message?.key && older.delivery.frame.address === newer.delivery.frame.address;
    const isNewer = older.sequence === undefined || newer.sequence === undefined || older.sequence <= newer.sequence;
    if (!isSame || !isNewer) return false;
    this.#endings.superseded(older, newer);
    return true;
  }

  /** One try of a job whose turn it is in its lane. */
  #step(job: Job): 'done' | 'holds' {
    if (job.message === undefined || job.lane === undefined || job.settled) return 'done';
    if (this.#trial?.wants(job) === true) {
      // Whoever comes here, from a released lane or a retry, holds the lane already.
      this.#trial.take(job, () => {
        if (this.#step(job) === 'done') this.#release(job);
      });
      return 'holds';
    }
    try {
      // A function may have changed the body that it was handed: each further try begins with what was read.
      if (job.attempt > 1) job.message = receive(this.#route, job);
      const passed = pass(this.#route, job, job.message);
      if (!(passed instanceof Promise)) {
        this.#trial?.left(job, true);
        this.#leave(job, passed);
        return 'done';
      }
      this.#lanes.hold(job.lane);
      passed.then(
        (made) => {
          this.#trial?.left(job, true);
          this.#leave(job, made);
          this.#release(job);
        },
        (thrown: unknown) => {
          if (this.#failed(job, asSluiceError(thrown)) === 'done') this.#release(job);
        },
      );
      return 'holds';
    } catch (thrown) {
      return this.#failed(job, asSluiceError(thrown));
    }
  }

  #release(job: Job): void {
    if (job.lane !== undefined) this.#lanes.release(job.lane, (next) => this.#step(next));
  }

  /** A stage failed: tries again, holding the lane (invariant 5), or gives up. */
  #failed(job: Job, failure: SluiceError): 'done' | 'holds' {
    this.#trial?.left(job, false);
    const { backoff, clock, counters } = this.#route;
    if (failure.verdict === 'reject' || job.lane === undefined || this.#isSpent(job, failure)) {
      this.#endings.refused(job, failure);
      return 'done';
    }
    this.#lanes.hold(job.lane);
    const delayMs = backoffMs(backoff, job.attempt, clock.random);
    job.attempt += 1;
    counters.retries += 1;
    clock.after(delayMs, () => {
      if (this.#step(job) === 'done') this.#release(job);
    });
    return 'holds';
  }

  /** Whether its tries are used up. What a function needs may be away for longer than they take: that has a time of its own. */
  #isSpent(job: Job, { code }: SluiceError): boolean {
    const { attempts, networkRetryMs, clock } = this.#route;
    if (code === 'TRANSFORM_UNREACHABLE') {
      job.unreachableSinceMs ??= clock.elapsedMs();
      if (clock.elapsedMs() - job.unreachableSinceMs < networkRetryMs) return false;
    }
    return job.attempt >= attempts;
  }

  #leave(job: Job, passed: Passed): void {
    if (job.settled) return;
    if (passed instanceof Dropped) this.#endings.dropped(job);
    else this.#courier.carry(job, passed);
  }
}
