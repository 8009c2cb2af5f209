import { ACCEPT, type Outcome as Settlement } from '#contract/delivery.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { SettledOutcome } from '#contract/trace.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { History } from '../history/history.ts';
import { type RepeatCause, WHY_REPEATED } from '../history/repeat-cause.ts';
import { attemptOf, type End, type InFlight, isRevoked, SETTLED, settling } from '../in-flight.ts';
import type { Route } from '../route-parts.ts';
import { countEnd } from './count-end.ts';
import { DeadLetterWriter } from './dead-letter-writer.ts';
import { outcomeOfFailure } from './outcome-of.ts';

export interface SettlerReports {
  /** Its dead letter is durable, and it is not settled yet. */
  dead(inFlight: InFlight): void;
  /** It is settled. `hasPassed`: it was neither refused nor expired. */
  settled(inFlight: InFlight, hasPassed: boolean): void;
}

/** Settles each delivery once its end is durable: saves its id or its dead letter, counts it, settles it at its source. */
export class Settler {
  readonly #route: Route;
  readonly #history: History;
  readonly #deadLetters: DeadLetterWriter;
  readonly #reports: SettlerReports;

  constructor(route: Route, history: History, reports: SettlerReports) {
    this.#route = route;
    this.#history = history;
    this.#deadLetters = new DeadLetterWriter(route);
    this.#reports = reports;
  }

  /** Dead letters that are not durable yet. */
  get deadLetters(): number {
    return this.#deadLetters.size;
  }

  /** To be called once for a delivery. Has no effect on one that was released. */
  settle(inFlight: InFlight, end: End): void {
    const { state, envelope } = inFlight;
    if (state.at === 'settle' || state.at === 'settled') return;
    inFlight.state = settling(attemptOf(state));
    envelope.trace?.waits('state');
    switch (end.kind) {
      case 'delivered':
        return this.#remember(inFlight, 'delivered');
      case 'dropped':
        this.#history.endedUnsent(envelope);
        return this.#remember(inFlight, 'dropped');
      case 'superseded':
        // A copy of the same message takes its place, or comes once its partition is assigned here again. If the id were saved,
        // the copy would end as a repetition, and none be sent.
        if (end.by?.envelope.id === envelope.id || isRevoked(envelope)) return this.#end(inFlight, 'superseded');
        return this.#remember(inFlight, 'superseded');
      case 'repeated':
        this.#noteRepeated(inFlight, end.cause, end.earlierMs);
        return this.#end(inFlight, 'repeated');
      case 'stored':
        // An earlier process did not save the id: it is saved as for a message that is sent now.
        this.#noteRepeated(inFlight, 'log', undefined);
        return this.#remember(inFlight, 'repeated');
      case 'refused':
        this.#history.endedUnsent(envelope);
        return this.#refuse(inFlight, end.failure);
    }
  }

  #refuse(inFlight: InFlight, failure: SluiceError): void {
    const { trafficClass, countsExpired = CLASSES[trafficClass].expired === 'counted' } = this.#route.policy;
    if (countsExpired && failure.code === 'EXPIRED') return this.#remember(inFlight, 'expired', failure);
    const release = this.#history.holdLane(inFlight.envelope);
    void this.#deadLetters.write(inFlight, failure).then((isWritten) => {
      if (!isWritten) return release?.();
      const { letteredBy } = this.#route.observers.counters;
      letteredBy[failure.code] = (letteredBy[failure.code] ?? 0) + 1;
      return this.#history.rememberDead(inFlight, () => {
        this.#end(inFlight, outcomeOfFailure(this.#route.policy, failure), failure);
        release?.();
      });
    });
  }

  /** Ends the message once its ids are durable; at once where none is to be saved. */
  #remember(inFlight: InFlight, outcome: SettledOutcome, failure?: SluiceError): void {
    const { meters, clock } = this.#route.observers;
    const sinceMs = meters === undefined ? 0 : clock.elapsedMs();
    if (outcome === 'delivered') meters?.delivered(inFlight, sinceMs, clock.nowMs());
    const done = (): void => {
      meters?.settled.record((clock.elapsedMs() - sinceMs) / 1000);
      this.#end(inFlight, outcome, failure);
    };
    if (!this.#history.remember(inFlight, failure === undefined, done)) this.#end(inFlight, outcome, failure);
  }

  /** Invariants 1 and 2: counts and settles a delivery here, once, after its result is safe. */
  #end(inFlight: InFlight, outcome: SettledOutcome, failure?: SluiceError): void {
    if (inFlight.state.at === 'settled') return;
    inFlight.state = SETTLED;
    const { counters, meters, clock } = this.#route.observers;
    countEnd(counters, outcome);
    if (outcome !== 'delivered') meters?.endedAfter(outcome, clock.elapsedMs() - inFlight.takenAtMs);
    if (outcome === 'dead-lettered' || outcome === 'blocked') this.#reports.dead(inFlight);
    const { trace, delivery } = inFlight.envelope;
    const settlement: Settlement = failure === undefined ? ACCEPT : { kind: 'reject', cause: failure };
    if (trace === undefined) delivery.settle(settlement);
    else trace.end(outcome, failure, () => delivery.settle(settlement));
    this.#history.settled(inFlight.envelope);
    this.#reports.settled(inFlight, failure === undefined);
  }

  /** Counts each repetition and logs the first of each cause: a crash could cause thousands of lines. */
  #noteRepeated({ envelope }: InFlight, found: RepeatCause, earlierMs: number | undefined): void {
    const { counters, log } = this.#route.observers;
    const cause = found === 'remembered' && envelope.delivery.attempt === 1 ? 'sent-again' : found;
    const earlier = earlierMs === undefined ? undefined : new Date(earlierMs).toISOString();
    envelope.trace?.repeats(cause, earlier);
    counters.repeatedBy[cause] += 1;
    if (counters.repeatedBy[cause] > 1) return;
    const fields = { route: this.#route.policy.name, cause, id: envelope.id, earlier, text: WHY_REPEATED[cause] };
    if (cause === 'sent-again') log.warn('message-repeated', fields);
    else log.info('message-repeated', fields);
  }
}
