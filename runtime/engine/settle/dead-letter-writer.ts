import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import { backoffMs } from '#kit/backoff.ts';
import type { InFlight } from '../in-flight.ts';
import type { Route } from '../route.ts';

/** While dead letters cannot be written, their deliveries stay unsettled and the window closes. */
const RETRY = { firstMs: 100, capMs: 5000 };
/** The delay before a full store is tried again. */
const FULL_MS = 500;
/** How often the same failure is logged again while it lasts. */
const REPEAT_MS = 30_000;

/** Writes dead letters and retries until they are durable: a rejected message must not vanish (invariant 3). */
export class DeadLetterWriter {
  readonly #route: Route;
  #open = 0;
  #failure: { readonly code: string; readonly loggedAtMs: number } | undefined;

  constructor(route: Route) {
    this.#route = route;
  }

  /** Dead letters that are not durable yet. */
  get size(): number {
    return this.#open;
  }

  /** Calls `done` once the dead letter is durable. */
  write(inFlight: InFlight, failure: SluiceError, done: () => void): void {
    this.#open += 1;
    this.#write(inFlight, failure, done, 0);
  }

  #write(inFlight: InFlight, failure: SluiceError, done: () => void, failures: number): void {
    if (inFlight.settled) {
      this.#open -= 1;
      return;
    }
    const { log, deadLetters, clock, pipeline, name } = this.#route;
    const { replay } = inFlight.delivery;
    const letter = {
      number: replay?.letter,
      pipeline,
      route: name,
      coordinates: inFlight.delivery.id,
      id: inFlight.id,
      key: inFlight.message?.key,
      frame: inFlight.delivery.frame,
      label: inFlight.label,
      failure: failure.at({ route: name }),
      attempts: (replay?.attempts ?? 0) + inFlight.attempt,
      traceId: inFlight.trace?.traceId,
      spanId: inFlight.trace?.spanId,
      receivedAtMs: inFlight.receivedAtMs,
      diedAtMs: clock.nowMs(),
    };
    deadLetters.record(letter).then(
      () => {
        log.warn('dead-letter', {
          ...failure.place,
          route: name,
          code: failure.code,
          text: failure.message,
          delivery: inFlight.delivery.id,
          attempts: letter.attempts,
          letter: letter.number,
        });
        // A replayed dead letter needs no new space, so its success does not show that the store is writable.
        if (replay === undefined) this.#recovered();
        this.#open -= 1;
        done();
      },
      (thrown: unknown) => {
        const error = asSluiceError(thrown, 'STATE_UNUSABLE');
        this.#reportFailure(error);
        const delayMs = error.code === 'LETTERS_FULL' ? FULL_MS : backoffMs(RETRY, failures + 1, clock.random);
        clock.after(delayMs, () => this.#write(inFlight, failure, done, failures + 1));
      },
    );
  }

  /** Logs one line, not one for each message of a waiting window. */
  #reportFailure(error: SluiceError): void {
    const { clock, log, name, onDeadLetters } = this.#route;
    const { code } = error;
    if (this.#failure?.code === code && clock.elapsedMs() - this.#failure.loggedAtMs < REPEAT_MS) return;
    this.#failure = { code, loggedAtMs: clock.elapsedMs() };
    log.error('dead-letter-unwritten', { route: name, code, text: `${error.message}. ${error.remedy}` });
    onDeadLetters(error);
  }

  #recovered(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#route.log.info('dead-letters-written', { route: this.#route.name });
    this.#route.onDeadLetters(undefined);
  }
}
