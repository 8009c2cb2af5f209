import type { Link } from '../client/link.ts';
import { answerBytes } from '../client/publisher.ts';

/** Answers to a delivery: acknowledged, in progress, not acknowledged. */
export const ACK = answerBytes('+ACK');
export const IN_PROGRESS = answerBytes('+WPI');
export const NAK = answerBytes('-NAK');

/** The answer that ends redelivery; `why` becomes part of the server's advisory. */
export function term(why: string): Uint8Array {
  return answerBytes(`+TERM ${why}`);
}

/** Acknowledges messages: the answers of one turn of the event loop leave together, and the next pull with them. */
export class Acks {
  readonly #link: Link;
  readonly #onFlush: () => void;
  /** Settled while the connection was lost. */
  readonly #unsent: { readonly reply: Uint8Array; readonly answer: Uint8Array }[] = [];
  #flushing: NodeJS.Immediate | undefined;

  /** `onFlush` is called once a turn, before its answers leave. */
  constructor(link: Link, onFlush: () => void) {
    this.#link = link;
    this.#onFlush = onFlush;
  }

  /** Sends the answer with all others of this turn; while the connection is lost, after it is back. */
  send(reply: Uint8Array, answer: Uint8Array): void {
    if (this.#link.up) this.#link.wire?.publisher.answer(reply, answer);
    else this.#unsent.push({ reply, answer });
    this.#flushing ??= setImmediate(() => this.flush());
  }

  /** Sends the answer with all others of this turn. While the connection is lost it is dropped: the server delivers the message again, and the answer follows then. */
  sendIfUp(reply: Uint8Array, answer: Uint8Array): void {
    if (this.#link.up) this.#link.wire?.publisher.answer(reply, answer);
  }

  /** Sends all answers at once. */
  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    // Acknowledgements stay valid over a reconnect.
    if (!this.#link.up) return;
    for (const { reply, answer } of this.#unsent) this.#link.wire?.publisher.answer(reply, answer);
    this.#unsent.length = 0;
    this.#onFlush();
    this.#link.wire?.publisher.flush();
  }
}
