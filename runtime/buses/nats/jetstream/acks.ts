import type { Link } from '../client/link.ts';

const utf8 = new TextEncoder();
/** Answers to a delivery: acknowledged, in progress, not acknowledged. */
export const ACK = utf8.encode('+ACK');
export const IN_PROGRESS = utf8.encode('+WPI');
export const NAK = utf8.encode('-NAK');

/** The answer that ends redelivery; `why` becomes part of the server's advisory. */
export function term(why: string): Uint8Array {
  return utf8.encode(`+TERM ${why}`);
}

/** Acknowledges messages: those of one turn of the event loop together, because a write for each would cost more than all else. */
export class Acks {
  readonly #link: Link;
  readonly #onFlush: () => void;
  readonly #unsent: { readonly reply: string; readonly answer: Uint8Array }[] = [];
  #flushing: NodeJS.Immediate | undefined;

  /** `onFlush` is called after all answers were written. */
  constructor(link: Link, onFlush: () => void) {
    this.#link = link;
    this.#onFlush = onFlush;
  }

  /** Sends the answer with all others of this turn. */
  sendSoon(reply: string, answer: Uint8Array): void {
    this.#unsent.push({ reply, answer });
    this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    // Acknowledgements stay valid over a reconnect: those that cannot be sent now are sent after it.
    if (!this.#link.up) return;
    for (const { reply, answer } of this.#unsent) this.sendNow(reply, answer);
    this.#unsent.length = 0;
    this.#onFlush();
  }

  /** Sends the answer at once. While the connection is lost the answer is dropped: the server delivers the message again, and the answer follows then. */
  sendNow(reply: string, answer: Uint8Array): void {
    if (!this.#link.up) return;
    try {
      this.#link.connection?.publish(reply, answer);
    } catch {
      // The connection was closed: the server delivers the message again.
    }
  }
}
