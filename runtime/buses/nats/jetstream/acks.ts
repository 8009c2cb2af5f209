import type { Link } from '../client/link.ts';

const utf8 = new TextEncoder();
/** What JetStream is told of a message. */
export const ACK = utf8.encode('+ACK');
export const WORKING = utf8.encode('+WPI');
export const BACK = utf8.encode('-NAK');

/** It is not to come again; `why` goes to whoever listens to the server's advisories. */
export function terminated(why: string): Uint8Array {
  return utf8.encode(`+TERM ${why}`);
}

/** Tells the server how messages ended: those of one turn at once, for a write for each would cost more than all else. */
export class Acks {
  readonly #link: Link;
  readonly #onFlush: () => void;
  readonly #unsaid: { readonly reply: string; readonly word: Uint8Array }[] = [];
  #flushing: NodeJS.Immediate | undefined;

  /** `onFlush`: all that there was has been said. */
  constructor(link: Link, onFlush: () => void) {
    this.#link = link;
    this.#onFlush = onFlush;
  }

  /** Says it with all others of this turn. */
  soon(reply: string, word: Uint8Array): void {
    this.#unsaid.push({ reply, word });
    this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    // Acknowledgements stay valid over a reconnect: what cannot be said now is said then.
    if (!this.#link.up) return;
    for (const { reply, word } of this.#unsaid) this.say(reply, word);
    this.#unsaid.length = 0;
    this.#onFlush();
  }

  /** Says it at once. What is said while the connection is away is lost; the server then delivers the message again, and hears it then. */
  say(reply: string, word: Uint8Array): void {
    if (!this.#link.up) return;
    try {
      this.#link.connection?.publish(reply, word);
    } catch {
      // Closed meanwhile, which is as good as away.
    }
  }
}
