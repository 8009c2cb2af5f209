import { asSluiceError } from '#contract/errors.ts';
import type { History } from '../history/history.ts';
import { type End, firstAttempt, type InFlight, refused } from '../in-flight.ts';
import type { Route } from '../route-parts.ts';
import { PublisherDedupe } from './publisher-dedupe.ts';
import { markRepeat, readFrame } from './read-frame.ts';
import { ReuseNotes } from './reuse-notes.ts';

/**
 * An earlier process had one window in flight. A source that cannot tell these deliveries from others may give other ones
 * between them (partitions, queues): so many windows count as possible repetitions.
 */
const UNSURE_WINDOWS = 16;

/** Reads the frame of each delivery and decides whether its message is to be processed. */
export class Admission {
  readonly #route: Route;
  readonly #history: History;
  readonly #notes: ReuseNotes;
  readonly #dedupe = new PublisherDedupe();
  /** How many further deliveries of a source without attempt numbers an earlier process may have sent. */
  #mayRepeat: number;

  constructor(route: Route, history: History) {
    this.#route = route;
    this.#history = history;
    this.#notes = new ReuseNotes(route);
    this.#mayRepeat = route.policy.window.messages * UNSURE_WINDOWS;
  }

  /** `admitted`, `waits` for the message that it repeats, or the end that it has come to already. */
  admit(inFlight: InFlight): End | 'admitted' | 'waits' {
    const { envelope } = inFlight;
    try {
      inFlight.state = firstAttempt(readFrame(this.#route, envelope, this.#notes));
    } catch (thrown) {
      return refused(asSluiceError(thrown));
    }
    const processedAtMs = this.#history.processedAtMs(envelope);
    if (processedAtMs !== undefined) return { kind: 'repeated', cause: 'remembered', earlierMs: processedAtMs };
    const repeatedAtMs = this.#history.repeatedAtMs(envelope);
    if (repeatedAtMs !== undefined) return { kind: 'repeated', cause: 'dedupe', earlierMs: repeatedAtMs };
    if (envelope.repeatKey !== undefined && !this.#dedupe.admit(inFlight, envelope.repeatKey)) return 'waits';
    if (this.#mayRepeat > 0) {
      this.#mayRepeat -= 1;
      if (envelope.delivery.attempt === undefined) markRepeat(envelope);
    }
    if (envelope.delivery.shared?.mayBeRepeat === true) markRepeat(envelope);
    return 'admitted';
  }

  /** The messages that waited for this one: they repeat it where it has passed, else one of them is admitted now. */
  ended(inFlight: InFlight, hasPassed: boolean): readonly InFlight[] {
    return this.#dedupe.ended(inFlight, hasPassed);
  }
}
