import type { NatsConnection } from '../client/library.ts';

/**
 * Publishes a message to its own inbox: a proof that the server routes messages to this connection, which PING and PONG are
 * not. The inbox has no other reader.
 */
export class LoopbackProbe {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  #isDenied = false;
  #came: (() => void) | undefined;

  constructor(connection: NatsConnection, inbox: string) {
    this.#connection = connection;
    this.#inbox = inbox;
    connection.subscribe(inbox, {
      callback: (error) => {
        if (error === null) this.#came?.();
        else this.#deny();
      },
    });
  }

  isOf(connection: NatsConnection): boolean {
    return this.#connection === connection;
  }

  /** Whether a denial of this subject is ours. From then on a PONG has to do. */
  denied(subject: string): boolean {
    if (subject !== this.#inbox) return false;
    this.#deny();
    return true;
  }

  /** Resolves when the message has come back; where that is denied, when a PING is answered. */
  async ask(): Promise<void> {
    if (!this.#isDenied) {
      const came = new Promise<void>((resolve) => (this.#came = resolve));
      this.#connection.publish(this.#inbox);
      await came;
    }
    if (this.#isDenied) await this.#connection.flush();
  }

  #deny(): void {
    this.#isDenied = true;
    this.#came?.();
  }
}
