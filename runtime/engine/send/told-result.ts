import type { SluiceError } from '#contract/errors.ts';
import type { Receipt, SendResult } from '#contract/send-result.ts';
import type { SendAttempt } from './send-attempt.ts';

/** Takes the results of attempts. `of`: what was sent. */
export interface Results<Of> {
  confirmed(of: Of, receipt: Receipt): void;
  failed(of: Of, error: SluiceError): void;
}

/**
 * One attempt that the sink has accepted. It is told within the code of a client library, which would take a fault of the bridge for
 * the end of its connection, or log it and read nothing any more: such a fault is thrown in a turn of its own, where it
 * ends the process.
 */
export class ToldResult<Of> implements SendResult {
  readonly #results: Results<Of>;
  readonly #of: Of;
  readonly #sending: SendAttempt | undefined;

  constructor(results: Results<Of>, of: Of, sending: SendAttempt | undefined) {
    this.#results = results;
    this.#of = of;
    this.#sending = sending;
  }

  confirmed(receipt: Receipt): void {
    try {
      this.#sending?.end();
      this.#results.confirmed(this.#of, receipt);
    } catch (thrown) {
      throwLater(thrown);
    }
  }

  failed(error: SluiceError): void {
    try {
      this.#sending?.end(error);
      this.#results.failed(this.#of, error);
    } catch (thrown) {
      throwLater(thrown);
    }
  }
}

function throwLater(thrown: unknown): void {
  queueMicrotask(() => {
    throw thrown;
  });
}
