import type { Demand } from '#contract/source.ts';
import { Signal } from '#kit/signal.ts';

/** Bounds the unsettled deliveries of a route, in messages and in bytes (invariant 4). One caller waits at a time. */
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

  /** How much may still be read; undefined when the window is full. The last frame may exceed the bytes, never the messages. */
  demand(): Demand | undefined {
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

  /** Resolves when something was settled, or `signal` aborts. */
  opened(signal: AbortSignal): Promise<void> {
    return this.#opened.wait(signal);
  }
}
