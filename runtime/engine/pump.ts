import { ACCEPT, type Delivery, GIVE_BACK } from '#contract/delivery.ts';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { TraceOutcome } from '#contract/trace.ts';
import { Dropped } from '#contract/stage.ts';
import { backoffMs } from '#kit/backoff.ts';
import { Crowd } from '#kit/crowd.ts';
import type { Job } from './job.ts';
import { Lanes } from './lanes.ts';
import { Outbox } from './outbox.ts';
import { Dispatch } from './dispatch.ts';
import { Morgue } from './morgue.ts';
import type { Route } from './route.ts';
import { pass, receive, type Passed } from './walk.ts';
import type { Waiting } from './watchdog.ts';
import { Window } from './window.ts';

/** How long the pump may go on without letting timers and sockets have their turn. */
const TURN_MS = 10;

/**
 * Steps 1 and 7 of the walk: takes deliveries while the window has room, walks each, and settles it once its end is
 * safe. `run` once, `stop` once.
 */
export class Pump {
  readonly #route: Route;
  readonly #window: Window;
  readonly #lanes = new Lanes<Job>();
  readonly #outbox: Outbox;
  readonly #morgue: Morgue;
  readonly #jobs = new Crowd<Job>();
  readonly #stopping = new AbortController();
  #idle: (() => void) | undefined;
  readonly #answers = {
    again: (job: Job, renamed: Frame): void => this.#send(job, renamed),
    sent: (job: Job): void => this.#sent(job),
  };

  constructor(route: Route) {
    this.#route = route;
    this.#window = new Window(route.window);
    this.#morgue = new Morgue(route);
    this.#outbox = new Outbox(route.sink, {
      clock: route.clock,
      pause: { firstMs: 50, capMs: 2000 },
      attempts: route.attempts,
      onGoBack: (failure, isFirst) => {
        route.counters.goBacks += 1;
        if (!isFirst) return;
        route.log.warn('sink-stalled', { route: route.name, code: failure.code, text: failure.message });
        route.onFlow(false);
      },
      onFlow: () => {
        route.log.info('sink-flows', { route: route.name });
        route.onFlow(true);
      },
    });
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
    const sink = this.#jobs.all().filter((job) => job.unsent > 0).length;
    const deadLetters = this.#morgue.size;
    return { sink, deadLetters, stages: Math.max(0, this.#jobs.size - sink - deadLetters) };
  }

  /** The sink's connection is back. */
  wake(): void {
    this.#outbox.wake();
  }

  /**
   * Invariant 7: reads no more, lets what is in flight end until `deadlineMs` have passed, gives the rest back to the
   * source. Resolves when every delivery is settled; then source and sink may be closed.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#ended(deadlineMs);
    this.#outbox.stop();
    for (const job of this.#jobs.all()) {
      this.#jobs.delete(job);
      job.settled = true;
      this.#route.counters.givenBack += 1;
      job.trace?.end('given-back');
      job.delivery.settle(GIVE_BACK);
    }
  }

  #ended(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#jobs.size === 0) return resolve();
      const cancel = this.#route.clock.after(deadlineMs, resolve);
      this.#idle = () => {
        cancel();
        resolve();
      };
    });
  }

  #begin(delivery: Delivery): void {
    const { counters, clock, tracer } = this.#route;
    const bytes = delivery.frame.body?.length ?? 0;
    const job: Job = {
      delivery,
      bytes,
      receivedAtMs: delivery.arrivedAtMs ?? clock.nowMs(),
      trace: tracer?.begin(delivery),
      message: undefined,
      lane: undefined,
      label: undefined,
      id: delivery.id,
      expiresAtMs: undefined,
      attempt: 1,
      unsent: 0,
      refusal: undefined,
      settled: false,
      place: 0,
    };
    counters.accepted += 1;
    counters.held += 1;
    this.#window.take(bytes);
    this.#jobs.add(job);
    try {
      job.message = receive(this.#route, job);
    } catch (thrown) {
      this.#bury(job, asSluiceError(thrown));
      return;
    }
    job.lane = delivery.lane === undefined ? job.message : { key: undefined, address: delivery.lane };
    if (!this.#lanes.queue(job.lane, job)) this.#step(job);
  }

  /** One try of a job whose turn it is in its lane. */
  #step(job: Job): 'done' | 'holds' {
    if (job.message === undefined || job.lane === undefined || job.settled) return 'done';
    try {
      // A function may have changed the body that it was handed: each further try begins with what was read.
      if (job.attempt > 1) job.message = receive(this.#route, job);
      const passed = pass(this.#route, job, job.message);
      if (!(passed instanceof Promise)) {
        this.#leave(job, passed);
        return 'done';
      }
      this.#lanes.hold(job.lane);
      passed.then(
        (made) => {
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
    const { attempts, backoff, clock, counters } = this.#route;
    if (failure.verdict === 'reject' || job.attempt >= attempts || job.lane === undefined) {
      this.#bury(job, failure);
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

  #leave(job: Job, passed: Passed): void {
    if (job.settled) return;
    if (passed instanceof Dropped) {
      this.#route.counters.dropped += 1;
      this.#end(job, 'dropped');
      return;
    }
    job.unsent = passed.length;
    for (const frame of passed) this.#send(job, frame);
  }

  #send(job: Job, frame: Frame): void {
    this.#outbox.push(new Dispatch(this.#route, job, frame, this.#answers));
  }

  /** The sink has answered for one more frame of the job. */
  #sent(job: Job): void {
    job.unsent -= 1;
    if (job.unsent > 0 || job.settled) return;
    if (job.refusal !== undefined) {
      this.#bury(job, job.refusal);
      return;
    }
    this.#route.counters.delivered += 1;
    this.#end(job, 'delivered');
  }

  #bury(job: Job, failure: SluiceError): void {
    this.#morgue.bury(job, failure, () => {
      if (job.settled) return;
      const expired = failure.code === 'EXPIRED';
      if (expired) this.#route.counters.expired += 1;
      else this.#route.counters.deadLettered += 1;
      this.#end(job, expired ? 'expired' : 'dead-lettered', failure);
    });
  }

  /** Invariants 1 and 2: settled here, once, after the end of the delivery is safe. */
  #end(job: Job, outcome: TraceOutcome, failure?: SluiceError): void {
    job.settled = true;
    this.#jobs.delete(job);
    this.#route.counters.held -= 1;
    job.trace?.end(outcome, failure);
    job.delivery.settle(failure === undefined ? ACCEPT : { kind: 'reject', cause: failure });
    this.#window.give(job.bytes);
    if (this.#jobs.size === 0) this.#idle?.();
  }
}
