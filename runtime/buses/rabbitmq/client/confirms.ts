import type { Message } from 'amqplib';
import type { SluiceError } from '#contract/errors.ts';
import type { Receipt } from '#contract/sink.ts';
import { Deque } from '#kit/deque.ts';
import { SilenceTimer } from '../../support/silence-timer.ts';

/** One publish, as far as a returned message can be matched to it. */
export interface Published {
  readonly routingKey: string;
  readonly messageId: string | undefined;
  readonly body: Buffer;
}

class PendingPublish {
  readonly published: Published;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: SluiceError) => void;
  /** The server sent it back: its confirmation, which still comes, means nothing. */
  refusal: SluiceError | undefined;
  isAnswered = false;

  constructor(published: Published, resolve: (receipt: Receipt) => void, reject: (error: SluiceError) => void) {
    this.published = published;
    this.resolve = resolve;
    this.reject = reject;
  }
}

/**
 * The publishes of one channel that are not answered yet: the server numbers them from 1 in the order in which they came.
 */
export class Confirms {
  readonly #open = new Deque<PendingPublish>();
  readonly #silence: SilenceTimer;
  /** Of the oldest that is open. */
  #firstTag = 1;
  /** Of the last that was sent back. */
  #returnedTag = 0;
  #answered = 0;
  #hasStored = false;

  constructor(timeoutMs: number, onSilence: () => void) {
    this.#silence = new SilenceTimer({ timeoutMs, onSilence, isAwaiting: () => this.#open.size > 0 });
  }

  /** Publishes that the server has answered. */
  get answered(): number {
    return this.#answered;
  }

  /** Whether the server has routed and stored one of them. */
  get hasStored(): boolean {
    return this.#hasStored;
  }

  /** Right after its publish. Settles when it is confirmed, refused, sent back or given up. */
  await(published: Published): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      this.#silence.sent();
      this.#open.push(new PendingPublish(published, resolve, reject));
    });
  }

  /** The server answers for `tag`, with `multiple` for all up to it. */
  answer(tag: number, multiple: boolean, refusal: SluiceError | undefined): void {
    this.#silence.answered();
    for (let at = multiple ? 0 : tag - this.#firstTag; at <= tag - this.#firstTag; at += 1) {
      const open = this.#open.at(at);
      if (open === undefined || open.isAnswered) continue;
      open.isAnswered = true;
      this.#answered += 1;
      const failure = open.refusal ?? refusal;
      if (failure === undefined) {
        this.#hasStored = true;
        open.resolve('confirmed');
      } else open.reject(failure);
    }
    while (this.#open.at(0)?.isAnswered === true) {
      this.#open.shift();
      this.#firstTag += 1;
    }
  }

  /**
   * The server sends a message back, before it confirms it, without its number. Returns come in the order of the
   * publishes: the first behind the last return that is the same message. An equal one before it makes no difference.
   */
  returned({ fields, properties, content }: Message, refusal: SluiceError): void {
    for (let tag = Math.max(this.#firstTag, this.#returnedTag + 1); ; tag += 1) {
      const open = this.#open.at(tag - this.#firstTag);
      if (open === undefined) return;
      const { routingKey, messageId, body } = open.published;
      const isSame = routingKey === fields.routingKey && messageId === properties.messageId && body.equals(content);
      if (open.isAnswered || !isSame) continue;
      open.refusal = refusal;
      this.#returnedTag = tag;
      return;
    }
  }

  /** Fails the publish over which the server ended the channel: the first that `matches`, or all of them. */
  blame(matches: (published: Published) => boolean, refusal: SluiceError, all = false): boolean {
    let found = false;
    for (let at = 0; at < this.#open.size; at += 1) {
      const open = this.#open.at(at);
      if (open === undefined || open.isAnswered || !matches(open.published)) continue;
      open.isAnswered = true;
      open.reject(refusal);
      found = true;
      if (!all) return true;
    }
    return found;
  }

  /** The one that is not answered, if it is one. */
  get only(): Published | undefined {
    let only: Published | undefined;
    for (let at = 0; at < this.#open.size; at += 1) {
      const open = this.#open.at(at);
      if (open === undefined || open.isAnswered) continue;
      if (only !== undefined) return undefined;
      only = open.published;
    }
    return only;
  }

  /** While the server blocks the connection, silence means nothing. */
  hold(isHeld: boolean): void {
    this.#silence.hold(isHeld);
  }

  /** All are given up, in the order in which they were published; the channel is gone. */
  fail(error: SluiceError): void {
    this.#silence.stop();
    for (let open = this.#open.shift(); open !== undefined; open = this.#open.shift()) {
      if (!open.isAnswered) open.reject(error);
    }
  }
}
