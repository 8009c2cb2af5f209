import type { NatsConnection } from '../client/library.ts';

/**
 * Publishes a message to its own inbox. Its return proves that the server routes messages to this connection; a PONG does
 * not. The inbox has no other reader.
 */
export class LoopbackProbe {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  #isDenied = false;
  #onEcho: (() => void) | undefined;

  constructor(connection: NatsConnection, inbox: string) {
    this.#connection = connection;
    this.#inbox = inbox;
    connection.subscribe(inbox, {
      callback: (error) => {
        if (error === null) this.#onEcho?.();
        else this.#deny();
      },
    });
  }

  isOf(connection: NatsConnection): boolean {
    return this.#connection === connection;
  }

  /** Whether the denied subject is this inbox. From then on a PONG counts as the proof. */
  denied(subject: string): boolean {
    if (subject !== this.#inbox) return false;
    this.#deny();
    return true;
  }

  /** Resolves when the message has come back; where that is denied, when a PING is answered. */
  async ask(): Promise<void> {
    if (!this.#isDenied) {
      const echo = new Promise<void>((resolve) => (this.#onEcho = resolve));
      this.#connection.publish(this.#inbox);
      await echo;
    }
    if (this.#isDenied) await this.#connection.flush();
  }

  #deny(): void {
    this.#isDenied = true;
    this.#onEcho?.();
  }
}
