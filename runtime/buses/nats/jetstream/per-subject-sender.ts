import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Receipt } from '#contract/sink.ts';
import { Deque } from '#kit/deque.ts';

interface Waiting {
  readonly send: () => Promise<Receipt>;
  readonly confirm: (receipt: Receipt) => void;
  readonly fail: (error: SluiceError) => void;
}

/** One message of a subject under way at a time: the next is sent when the one before is stored, or refused for good. */
export class Turns {
  /** By subject that has one under way: those behind it. */
  readonly #lanes = new Map<string, Deque<Waiting>>();

  /** Throws what `send` throws, where its turn is now. Rejects with SINK_DOWN where the one before was not stored. */
  take(subject: string, send: () => Promise<Receipt>): Promise<Receipt> {
    const lane = this.#lanes.get(subject);
    if (lane !== undefined) return new Promise((confirm, fail) => lane.push({ send, confirm, fail }));
    const sent = send();
    this.#lanes.set(subject, new Deque());
    this.#await(subject, sent);
    return sent;
  }

  #await(subject: string, sent: Promise<Receipt>): void {
    sent.then(
      () => this.#next(subject),
      (thrown: unknown) => this.#failed(subject, asSluiceError(thrown)),
    );
  }

  #next(subject: string): void {
    const lane = this.#lanes.get(subject);
    const next = lane?.shift();
    if (next === undefined) {
      this.#lanes.delete(subject);
      return;
    }
    try {
      const sent = next.send();
      sent.then(next.confirm, next.fail);
      this.#await(subject, sent);
    } catch (thrown) {
      const error = asSluiceError(thrown, 'SINK_UNWRITABLE');
      next.fail(error);
      this.#failed(subject, error);
    }
  }

  #failed(subject: string, error: SluiceError): void {
    if (error.verdict === 'reject') return this.#next(subject);
    const lane = this.#lanes.get(subject);
    this.#lanes.delete(subject);
    const text = `not sent: the message before it on its subject was not stored (${error.message})`;
    for (let waiting = lane?.shift(); waiting !== undefined; waiting = lane?.shift()) {
      waiting.fail(new SluiceError('SINK_DOWN', text, { cause: error }));
    }
  }
}
