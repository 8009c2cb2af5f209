import type { SluiceError } from '#contract/errors.ts';
import type { SendResult } from '#contract/send-result.ts';
import { Deque } from '#kit/deque.ts';
import type { ReturnedMessage } from './publisher.ts';
import { SilenceTimer } from '../../support/silence-timer.ts';

/** The parts of a publish by which a returned message is matched to it. */
export interface Published {
  readonly routingKey: string;
  readonly messageId: string | undefined;
  readonly body: Buffer;
}

class PendingPublish {
  readonly published: Published;
  readonly result: SendResult;
  /** The server returned the message: the confirmation that follows does not count. */
  refusal: SluiceError | undefined;
  isAnswered = false;

  constructor(published: Published, result: SendResult) {
    this.published = published;
    this.result = result;
  }
}

/**
 * The unanswered publishes of one channel. The server numbers publishes from 1 in the order of their arrival.
 */
export class Confirms {
  readonly #open = new Deque<PendingPublish>();
  readonly #silence: SilenceTimer;
  /** Of the oldest unanswered publish. */
  #firstTag = 1;
  /** Of the last returned message. */
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

  /** To be called right after the publish. `result` is told when it is confirmed, refused, returned or given up. */
  await(published: Published, result: SendResult): void {
    this.#silence.sent();
    this.#open.push(new PendingPublish(published, result));
  }

  /** The server answers `tag`, with `multiple` all tags up to it. */
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
        open.result.confirmed('confirmed');
      } else open.result.failed(failure);
    }
    while (this.#open.at(0)?.isAnswered === true) {
      this.#open.shift();
      this.#firstTag += 1;
    }
  }

  /**
   * The server returns a message before it confirms it, without its number. Returns come in the order of the publishes, so it
   * is the first equal message behind the last returned one. A mistake between equal messages makes no difference.
   */
  returned({ fields, properties, content }: ReturnedMessage, refusal: SluiceError): void {
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
      open.result.failed(refusal);
      found = true;
      if (!all) return true;
    }
    return found;
  }

  /** The unanswered publish, if there is exactly one. */
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

  /** Suspends the timeout while the server blocks the connection. */
  hold(isHeld: boolean): void {
    this.#silence.hold(isHeld);
  }

  /** The channel is closed: fails all publishes, in their order. */
  fail(error: SluiceError): void {
    this.#silence.stop();
    const failed: PendingPublish[] = [];
    for (let open = this.#open.shift(); open !== undefined; open = this.#open.shift()) failed.push(open);
    for (const open of failed) {
      if (!open.isAnswered) open.result.failed(error);
    }
  }
}
