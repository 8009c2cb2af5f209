import { ACCEPT, GIVE_BACK } from '#contract/delivery.ts';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Ledger } from '#contract/ledger.ts';
import type { TraceOutcome } from '#contract/trace.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { backoffMs } from '#kit/backoff.ts';
import { Crowd } from '#kit/crowd.ts';
import type { Job } from './job.ts';
import type { LoadEnds } from './load.ts';
import { deadIdOf, knownSinceMs } from './known.ts';
import { type RepeatCause, WHY_REPEATED } from './repeat-cause.ts';
import { laneOf } from './lane-of.ts';
import { Morgue } from './morgue.ts';
import { Repeats } from './repeats.ts';
import type { Route } from './route.ts';
import type { Waiting } from './watchdog.ts';
import type { Window } from './window.ts';

/** While what was passed on cannot be written down, its deliveries stay unsettled and the window closes. */
const RETRY = { firstMs: 100, capMs: 5000 };

type Ending = Exclude<TraceOutcome, 'given-back'>;

/** What else somebody must know of endings. */
export interface EndingEvents {
  /** Its turn has come: it waited for another that could have been the same message. */
  again(job: Job): void;
  /** Its dead letter is durable. */
  buried(job: Job): void;
}

/** The jobs that the bridge answers for, and the one way out for each. */
export class Endings implements LoadEnds {
  readonly #route: Route;
  readonly #window: Window;
  readonly #morgue: Morgue;
  readonly #jobs = new Crowd<Job>();
  /** By lane, where the route has a ledger: what is being written down. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #repeats: Repeats | undefined;
  readonly #events: EndingEvents;
  #idle: (() => void) | undefined;

  constructor(route: Route, window: Window, events: EndingEvents) {
    this.#route = route;
    this.#window = window;
    this.#morgue = new Morgue(route);
    this.#repeats = route.dedupe === undefined ? undefined : new Repeats(route.dedupe.ledger);
    this.#events = events;
  }

  add(job: Job): void {
    this.#route.counters.accepted += 1;
    this.#route.counters.held += 1;
    this.#window.take(job.bytes);
    this.#jobs.add(job);
  }

  /** Whether the job is to be walked now. Otherwise it is over, or waits until `again` gets it. */
  admits(job: Job, repeatKey: string | undefined): boolean {
    const knownMs = knownSinceMs(this.#route, job);
    if (knownMs !== undefined) {
      this.repeated(job, 'remembered', knownMs);
      return false;
    }
    if (repeatKey === undefined || this.#repeats === undefined) return true;
    const sinceMs = this.#repeats.sinceMs(repeatKey);
    if (sinceMs === undefined) return this.#repeats.admit(job, repeatKey) === 'first';
    this.repeated(job, 'dedupe', sinceMs);
    return false;
  }

  /** What the unsettled deliveries wait for. */
  waiting(): Waiting {
    const sink = this.#jobs.all().filter((job) => job.unsent > 0).length;
    const deadLetters = this.#morgue.size;
    return { sink, deadLetters, stages: Math.max(0, this.#jobs.size - sink - deadLetters) };
  }

  delivered(job: Job): void {
    this.#finish(job, 'delivered');
  }

  dropped(job: Job): void {
    this.#countAsSent(job);
    this.#finish(job, 'dropped');
  }

  superseded(job: Job, by?: Job): void {
    // A copy of the same message takes its place: remembered, the id would end that copy as a repetition, and none was sent.
    if (by?.id === job.id) this.#end(job, 'superseded');
    else this.#finish(job, 'superseded');
  }

  /** It was passed on before, at that time as far as it is known: nothing is remembered anew. */
  repeated(job: Job, cause: RepeatCause, earlierMs: number | undefined): void {
    const isFirstDelivery = job.delivery.attempt === 1;
    this.#sayRepeated(job, cause === 'remembered' && isFirstDelivery ? 'sent-again' : cause, earlierMs);
    this.#end(job, 'repeated');
  }

  /** An earlier process has sent all of it and could not say so any more: remembered as what is sent now. */
  sentBefore(job: Job): void {
    this.#route.freshness.sent(laneOf(job), job.sequence);
    this.#sayRepeated(job, 'log', undefined);
    this.#finish(job, 'repeated');
  }

  refused(job: Job, failure: SluiceError): void {
    this.#countAsSent(job);
    const isExpired = failure.code === 'EXPIRED';
    const outcome = isExpired ? 'expired' : 'dead-lettered';
    if (isExpired && CLASSES[this.#route.trafficClass].expired === 'counted') this.#finish(job, outcome, failure);
    else if (this.#route.ledger === undefined) this.#morgue.bury(job, failure, () => this.#end(job, outcome, failure));
    else {
      const buried = new Promise<void>((resolve) => {
        this.#morgue.bury(job, failure, resolve);
      });
      const remembered = buried.then(() => this.#remember(job, this.#route.ledger, deadIdOf(job)));
      this.#keep(
        job,
        remembered.then(() => this.#end(job, outcome, failure)),
      );
    }
  }

  /**
   * An earlier process may have sent a delivery that is not surely the first, and may have died before it could remember
   * that. A message with a lower sequence is then stale, also where this delivery itself expired meanwhile.
   */
  #countAsSent(job: Job): void {
    if (job.delivery.attempt !== 1) this.#route.freshness.sent(laneOf(job), job.sequence);
  }

  /** The ends of this lane that are not durable yet. What follows in the lane may not be sent before. */
  pending(lane: string): Promise<void> | undefined {
    return this.#pending.get(lane);
  }

  /** Gives everything that is not settled back to the source. */
  giveBack(): void {
    for (const job of this.#jobs.all()) {
      this.#jobs.delete(job);
      job.settled = true;
      this.#route.counters.givenBack += 1;
      job.trace?.end('given-back');
      job.delivery.settle(GIVE_BACK);
    }
  }

  /** Resolves once nothing is unsettled, or the deadline has passed. */
  idle(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#jobs.size === 0) return resolve();
      const cancel = this.#route.clock.after(deadlineMs, resolve);
      this.#idle = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends what must be remembered once that is durable; at once where nothing is to be remembered. */
  #finish(job: Job, outcome: Ending, failure?: SluiceError): void {
    if (job.settled) return;
    const { ledger, dedupe } = this.#route;
    const seen = failure === undefined && job.repeatKey !== undefined ? dedupe?.ledger : undefined;
    if (ledger === undefined && seen === undefined) {
      this.#end(job, outcome, failure);
      return;
    }
    const remembered = Promise.all([this.#remember(job, ledger), this.#remember(job, seen, job.repeatKey)]);
    this.#keep(
      job,
      remembered.then(() => this.#end(job, outcome, failure)),
    );
  }

  #keep(job: Job, ending: Promise<void>): void {
    if (this.#route.ledger === undefined) return;
    const lane = laneOf(job);
    const before = this.#pending.get(lane);
    const all: Promise<void> = before === undefined ? ending : before.then(() => ending);
    this.#pending.set(lane, all);
    void all.then(() => {
      if (this.#pending.get(lane) === all) this.#pending.delete(lane);
    });
  }

  /** Never rejects: goes on trying until it is durable, or the job was given back. */
  async #remember(job: Job, ledger: Ledger | undefined, id: string = job.id): Promise<void> {
    if (ledger === undefined) return;
    const { log, name, clock } = this.#route;
    const entry = job.sequence === undefined ? { id } : { id, lane: laneOf(job), sequence: job.sequence };
    for (let failures = 1; !job.settled; failures += 1) {
      try {
        await ledger.add(entry);
        return;
      } catch (thrown) {
        const { code, message } = asSluiceError(thrown, 'STATE_UNUSABLE');
        log.error('delivery-unremembered', { route: name, code, text: message });
        const delayMs = backoffMs(RETRY, failures, clock.random);
        await new Promise<void>((resolve) => {
          clock.after(delayMs, resolve);
        });
      }
    }
  }

  /** Invariants 1 and 2: counted and settled here, once, after the end of the delivery is safe. */
  #end(job: Job, outcome: Ending, failure?: SluiceError): void {
    if (job.settled) return;
    job.settled = true;
    this.#jobs.delete(job);
    this.#count(outcome);
    if (outcome === 'dead-lettered') this.#events.buried(job);
    job.trace?.end(outcome, failure);
    job.delivery.settle(failure === undefined ? ACCEPT : { kind: 'reject', cause: failure });
    this.#window.give(job.bytes);
    const isPassed = failure === undefined;
    for (const next of this.#repeats?.ended(job, isPassed) ?? []) {
      if (isPassed) this.repeated(next, 'dedupe', this.#route.clock.nowMs());
      else this.#events.again(next);
    }
    if (this.#jobs.size === 0) this.#idle?.();
  }

  /** Counted each time, and said once of each cause: a log line for every repetition after a crash would be thousands. */
  #sayRepeated(job: Job, cause: RepeatCause, earlierMs: number | undefined): void {
    const { counters, log, name } = this.#route;
    const earlier = earlierMs === undefined ? undefined : new Date(earlierMs).toISOString();
    job.trace?.repeats(cause, earlier);
    counters.repeatedBy[cause] += 1;
    if (counters.repeatedBy[cause] > 1) return;
    const fields = { route: name, cause, id: job.id, earlier, text: WHY_REPEATED[cause] };
    if (cause === 'sent-again') log.warn('message-repeated', fields);
    else log.info('message-repeated', fields);
  }

  #count(outcome: Ending): void {
    const { counters } = this.#route;
    counters.held -= 1;
    switch (outcome) {
      case 'delivered':
        counters.delivered += 1;
        return;
      case 'dropped':
        counters.dropped += 1;
        return;
      case 'repeated':
        counters.dropped += 1;
        counters.repeated += 1;
        return;
      case 'superseded':
        counters.superseded += 1;
        return;
      case 'expired':
        counters.expired += 1;
        return;
      case 'dead-lettered':
        counters.deadLettered += 1;
    }
  }
}
