import { ACCEPT, RELEASE } from '#contract/delivery.ts';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { ProcessedIds } from '#contract/processed-ids.ts';
import type { TraceOutcome } from '#contract/trace.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { backoffMs } from '#kit/backoff.ts';
import { SwapSet } from '#kit/swap-set.ts';
import type { InFlight } from './in-flight.ts';
import type { MessageEnds } from './outgoing-message.ts';
import { deadIdOf, processedAtMs } from './is-processed.ts';
import { type RepeatCause, WHY_REPEATED } from './repeat-cause.ts';
import { laneOf } from './lane-of.ts';
import { DeadLetterWriter } from './dead-letter-writer.ts';
import { PublisherDedupe } from './publisher-dedupe.ts';
import type { Route } from './route.ts';
import type { WaitCounts } from './stall-detector.ts';
import type { Window } from './window.ts';

/** While processed ids cannot be saved, their deliveries stay unsettled and the window fills up. */
const RETRY = { firstMs: 100, capMs: 5000 };

type Result = Exclude<TraceOutcome, 'released'>;

/** Calls back into the pump. */
export interface SettlerEvents {
  /** The message may be processed now: it waited for one with the same repeat key, which was not sent. */
  again(inFlight: InFlight): void;
  /** Its dead letter is durable. */
  deadLettered(inFlight: InFlight): void;
}

/** Holds the messages in flight, and settles each: remembers its id, counts it, settles its delivery. */
export class Settler implements MessageEnds {
  readonly #route: Route;
  readonly #window: Window;
  readonly #deadLetterWriter: DeadLetterWriter;
  readonly #inFlight = new SwapSet<InFlight>();
  /** By lane, where the route has processed ids: results that are not durable yet. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #dedupe: PublisherDedupe | undefined;
  readonly #events: SettlerEvents;
  #idle: (() => void) | undefined;

  constructor(route: Route, window: Window, events: SettlerEvents) {
    this.#route = route;
    this.#window = window;
    this.#deadLetterWriter = new DeadLetterWriter(route);
    this.#dedupe = route.dedupe === undefined ? undefined : new PublisherDedupe(route.dedupe.processedIds);
    this.#events = events;
  }

  add(inFlight: InFlight): void {
    this.#route.counters.accepted += 1;
    this.#route.counters.held += 1;
    this.#window.take(inFlight.bytes);
    this.#inFlight.add(inFlight);
  }

  /** Whether the message is to be processed now. Otherwise it has ended, or waits for a call of `again`. */
  admits(inFlight: InFlight, repeatKey: string | undefined): boolean {
    const processedMs = processedAtMs(this.#route, inFlight);
    if (processedMs !== undefined) {
      this.repeated(inFlight, 'remembered', processedMs);
      return false;
    }
    if (repeatKey === undefined || this.#dedupe === undefined) return true;
    const sinceMs = this.#dedupe.sinceMs(repeatKey);
    if (sinceMs === undefined) return this.#dedupe.admit(inFlight, repeatKey) === 'first';
    this.repeated(inFlight, 'dedupe', sinceMs);
    return false;
  }

  /** Counts the unsettled deliveries by the thing that they wait for. */
  waiting(): WaitCounts {
    const sink = this.#inFlight.all().filter((inFlight) => inFlight.unsent > 0).length;
    const deadLetters = this.#deadLetterWriter.size;
    return { sink, deadLetters, stages: Math.max(0, this.#inFlight.size - sink - deadLetters) };
  }

  delivered(inFlight: InFlight): void {
    this.#finish(inFlight, 'delivered');
  }

  dropped(inFlight: InFlight): void {
    this.#countAsSent(inFlight);
    this.#finish(inFlight, 'dropped');
  }

  superseded(inFlight: InFlight, by?: InFlight): void {
    // A copy of the same message takes its place. If the id were saved, the copy would end as a repetition, and none be sent.
    if (by?.id === inFlight.id) this.#end(inFlight, 'superseded');
    else this.#finish(inFlight, 'superseded');
  }

  /** It was processed before, at `earlierMs` if that is defined: no id is saved. */
  repeated(inFlight: InFlight, cause: RepeatCause, earlierMs: number | undefined): void {
    const isFirstDelivery = inFlight.delivery.attempt === 1;
    this.#noteRepeated(inFlight, cause === 'remembered' && isFirstDelivery ? 'sent-again' : cause, earlierMs);
    this.#end(inFlight, 'repeated');
  }

  /** An earlier process sent all of it and did not save the id: it is saved as for a message that is sent now. */
  alreadyStored(inFlight: InFlight): void {
    this.#route.sequences.sent(laneOf(inFlight), inFlight.sequence);
    this.#noteRepeated(inFlight, 'log', undefined);
    this.#finish(inFlight, 'repeated');
  }

  refused(inFlight: InFlight, failure: SluiceError): void {
    this.#countAsSent(inFlight);
    const isExpired = failure.code === 'EXPIRED';
    const outcome = isExpired ? 'expired' : 'dead-lettered';
    if (isExpired && CLASSES[this.#route.trafficClass].expired === 'counted') this.#finish(inFlight, outcome, failure);
    else if (this.#route.processedIds === undefined)
      this.#deadLetterWriter.write(inFlight, failure, () => this.#end(inFlight, outcome, failure));
    else {
      const deadLettered = new Promise<void>((resolve) => {
        this.#deadLetterWriter.write(inFlight, failure, resolve);
      });
      const remembered = deadLettered.then(() =>
        this.#remember(inFlight, this.#route.processedIds, deadIdOf(inFlight)),
      );
      this.#keep(
        inFlight,
        remembered.then(() => this.#end(inFlight, outcome, failure)),
      );
    }
  }

  /**
   * An earlier process may have sent a message that is not surely a first delivery, and may have ended before it saved the
   * id. A message with a lower sequence is then stale, even if this one has expired meanwhile.
   */
  #countAsSent(inFlight: InFlight): void {
    if (inFlight.delivery.attempt !== 1) this.#route.sequences.sent(laneOf(inFlight), inFlight.sequence);
  }

  /** The results of this lane that are not durable yet. The next message of the lane must wait for them. */
  pending(lane: string): Promise<void> | undefined {
    return this.#pending.get(lane);
  }

  /** Releases all unsettled deliveries to the source. */
  release(): void {
    for (const inFlight of this.#inFlight.all()) {
      this.#inFlight.delete(inFlight);
      inFlight.settled = true;
      this.#route.counters.released += 1;
      inFlight.trace?.end('released');
      inFlight.delivery.settle(RELEASE);
    }
  }

  /** Resolves once nothing is unsettled, or the deadline has passed. */
  idle(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#inFlight.size === 0) return resolve();
      const cancel = this.#route.clock.after(deadlineMs, resolve);
      this.#idle = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends the message once its ids are durable; at once where none is to be saved. */
  #finish(inFlight: InFlight, outcome: Result, failure?: SluiceError): void {
    if (inFlight.settled) return;
    const { processedIds, dedupe } = this.#route;
    const seen = failure === undefined && inFlight.repeatKey !== undefined ? dedupe?.processedIds : undefined;
    if (processedIds === undefined && seen === undefined) {
      this.#end(inFlight, outcome, failure);
      return;
    }
    const remembered = Promise.all([
      this.#remember(inFlight, processedIds),
      this.#remember(inFlight, seen, inFlight.repeatKey),
    ]);
    this.#keep(
      inFlight,
      remembered.then(() => this.#end(inFlight, outcome, failure)),
    );
  }

  #keep(inFlight: InFlight, ending: Promise<void>): void {
    if (this.#route.processedIds === undefined) return;
    const lane = laneOf(inFlight);
    const before = this.#pending.get(lane);
    const all: Promise<void> = before === undefined ? ending : before.then(() => ending);
    this.#pending.set(lane, all);
    void all.then(() => {
      if (this.#pending.get(lane) === all) this.#pending.delete(lane);
    });
  }

  /** Never rejects: retries until the id is durable or the message was released. */
  async #remember(inFlight: InFlight, processedIds: ProcessedIds | undefined, id: string = inFlight.id): Promise<void> {
    if (processedIds === undefined) return;
    const { log, name, clock } = this.#route;
    const entry =
      inFlight.sequence === undefined ? { id } : { id, lane: laneOf(inFlight), sequence: inFlight.sequence };
    for (let failures = 1; !inFlight.settled; failures += 1) {
      try {
        await processedIds.add(entry, inFlight.delivery);
        return;
      } catch (thrown) {
        const { code, message } = asSluiceError(thrown, 'STATE_UNUSABLE');
        log.error('processed-id-not-saved', { route: name, code, text: message });
        const delayMs = backoffMs(RETRY, failures, clock.random);
        await new Promise<void>((resolve) => {
          clock.after(delayMs, resolve);
        });
      }
    }
  }

  /** Invariants 1 and 2: counts and settles a delivery here, once, after its result is safe. */
  #end(inFlight: InFlight, outcome: Result, failure?: SluiceError): void {
    if (inFlight.settled) return;
    inFlight.settled = true;
    this.#inFlight.delete(inFlight);
    this.#count(outcome);
    if (outcome === 'dead-lettered') this.#events.deadLettered(inFlight);
    inFlight.trace?.end(outcome, failure);
    inFlight.delivery.settle(failure === undefined ? ACCEPT : { kind: 'reject', cause: failure });
    this.#window.give(inFlight.bytes);
    const isPassed = failure === undefined;
    for (const next of this.#dedupe?.ended(inFlight, isPassed) ?? []) {
      if (isPassed) this.repeated(next, 'dedupe', this.#route.clock.nowMs());
      else this.#events.again(next);
    }
    if (this.#inFlight.size === 0) this.#idle?.();
  }

  /** Counts each repetition and logs the first of each cause: a crash could cause thousands of lines. */
  #noteRepeated(inFlight: InFlight, cause: RepeatCause, earlierMs: number | undefined): void {
    const { counters, log, name } = this.#route;
    const earlier = earlierMs === undefined ? undefined : new Date(earlierMs).toISOString();
    inFlight.trace?.repeats(cause, earlier);
    counters.repeatedBy[cause] += 1;
    if (counters.repeatedBy[cause] > 1) return;
    const fields = { route: name, cause, id: inFlight.id, earlier, text: WHY_REPEATED[cause] };
    if (cause === 'sent-again') log.warn('message-repeated', fields);
    else log.info('message-repeated', fields);
  }

  #count(outcome: Result): void {
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
