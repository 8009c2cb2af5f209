import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Receipt } from '#contract/sink.ts';
import { Deque } from '#kit/deque.ts';

interface Waiting {
  readonly send: () => Promise<Receipt>;
  readonly confirm: (receipt: Receipt) => void;
  readonly fail: (error: SluiceError) => void;
}

/** Sends one message of a subject at a time: the next one when the one before is stored, or refused for good. */
export class PerSubjectSender {
  /** By subject with a message in flight: the messages behind it. */
  readonly #queues = new Map<string, Deque<Waiting>>();

  /** Throws an error of `send` when no other message of the subject is in flight. Rejects with SINK_DOWN when the message before was not stored. */
  send(subject: string, send: () => Promise<Receipt>): Promise<Receipt> {
    const queue = this.#queues.get(subject);
    if (queue !== undefined) return new Promise((confirm, fail) => queue.push({ send, confirm, fail }));
    const sent = send();
    this.#queues.set(subject, new Deque());
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
    const queue = this.#queues.get(subject);
    const next = queue?.shift();
    if (next === undefined) {
      this.#queues.delete(subject);
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
    const queue = this.#queues.get(subject);
    this.#queues.delete(subject);
    const text = `not sent: the message before it on its subject was not stored (${error.message})`;
    for (let waiting = queue?.shift(); waiting !== undefined; waiting = queue?.shift()) {
      waiting.fail(new SluiceError('SINK_DOWN', text, { cause: error }));
    }
  }
}
