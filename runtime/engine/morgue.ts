import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import { backoffMs } from '#kit/backoff.ts';
import type { Job } from './job.ts';
import type { Route } from './route.ts';

/** While dead letters cannot be written, their deliveries stay unsettled and the window closes. */
const RETRY = { firstMs: 100, capMs: 5000 };

/** Writes dead letters, and goes on trying: what is rejected may not vanish (invariant 3). */
export class Morgue {
  readonly #route: Route;
  #open = 0;

  constructor(route: Route) {
    this.#route = route;
  }

  /** Letters that are not durable yet. */
  get size(): number {
    return this.#open;
  }

  /** Calls `done` once the letter is durable. */
  bury(job: Job, failure: SluiceError, done: () => void): void {
    this.#open += 1;
    this.#write(job, failure, done, 0);
  }

  #write(job: Job, failure: SluiceError, done: () => void, failures: number): void {
    if (job.settled) {
      this.#open -= 1;
      return;
    }
    const { log, deadLetters, clock, pipeline, name } = this.#route;
    const letter = {
      pipeline,
      route: name,
      coordinates: job.delivery.id,
      id: job.id,
      frame: job.delivery.frame,
      label: job.label,
      failure: failure.at({ route: name }),
      attempts: job.attempt,
      traceId: job.trace?.traceId,
      receivedAtMs: job.receivedAtMs,
      diedAtMs: clock.nowMs(),
    };
    deadLetters.record(letter).then(
      () => {
        log.warn('dead-letter', {
          ...failure.place,
          route: name,
          code: failure.code,
          text: failure.message,
          delivery: job.delivery.id,
          attempts: job.attempt,
        });
        this.#open -= 1;
        done();
      },
      (thrown: unknown) => {
        const error = asSluiceError(thrown, 'STATE_UNUSABLE');
        log.error('dead-letter-unwritten', { route: name, code: error.code, text: error.message });
        clock.after(backoffMs(RETRY, failures + 1, clock.random), () => this.#write(job, failure, done, failures + 1));
      },
    );
  }
}
