import type { Link } from '../client/link.ts';

const utf8 = new TextEncoder();
/** Answers to a delivery: ack, work in progress, negative ack. */
export const ACK = utf8.encode('+ACK');
export const WORKING = utf8.encode('+WPI');
export const BACK = utf8.encode('-NAK');

/** It is not to come again; `why` is part of the server's advisory. */
export function terminated(why: string): Uint8Array {
  return utf8.encode(`+TERM ${why}`);
}

/** Acknowledges messages: those of one turn at once, for a write for each would cost more than all else. */
export class Acks {
  readonly #link: Link;
  readonly #onFlush: () => void;
  readonly #unsent: { readonly reply: string; readonly answer: Uint8Array }[] = [];
  #flushing: NodeJS.Immediate | undefined;

  /** `onFlush`: called after all answers were written. */
  constructor(link: Link, onFlush: () => void) {
    this.#link = link;
    this.#onFlush = onFlush;
  }

  /** Sends it with all others of this turn. */
  soon(reply: string, answer: Uint8Array): void {
    this.#unsent.push({ reply, answer });
    this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    // Acknowledgements stay valid over a reconnect: those that cannot be sent now are sent then.
    if (!this.#link.up) return;
    for (const { reply, answer } of this.#unsent) this.sendNow(reply, answer);
    this.#unsent.length = 0;
    this.#onFlush();
  }

  /** Sends it at once. An answer is lost while the connection is away; the server then delivers the message again, and gets it then. */
  sendNow(reply: string, answer: Uint8Array): void {
    if (!this.#link.up) return;
    try {
      this.#link.connection?.publish(reply, answer);
    } catch {
      // Closed meanwhile, which is as good as away.
    }
  }
}
