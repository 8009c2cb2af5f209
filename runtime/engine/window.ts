import type { Demand } from '#contract/source.ts';
import { Signal } from '#kit/signal.ts';

/** Bounds what is unsettled on a route, in messages and in bytes (invariant 4). One taker waits at a time. */
export class Window {
  readonly #messages: number;
  readonly #bytes: number;
  #heldMessages = 0;
  #heldBytes = 0;
  readonly #opened = new Signal();

  constructor(limit: Demand) {
    this.#messages = limit.messages;
    this.#bytes = limit.bytes;
  }

  /** What may still be taken; undefined when nothing may. The last frame taken may overrun the bytes, never the messages. */
  room(): Demand | undefined {
    const messages = this.#messages - this.#heldMessages;
    const bytes = this.#bytes - this.#heldBytes;
    return messages > 0 && bytes > 0 ? { messages, bytes } : undefined;
  }

  take(bytes: number): void {
    this.#heldMessages += 1;
    this.#heldBytes += bytes;
  }

  give(bytes: number): void {
    this.#heldMessages -= 1;
    this.#heldBytes -= bytes;
    this.#opened.now();
  }

  /** Resolves when something was given back, or `signal` aborts. */
  opened(signal: AbortSignal): Promise<void> {
    return this.#opened.wait(signal);
  }
}
