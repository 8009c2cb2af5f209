import type { Demand } from '#contract/source.ts';

/** Bounds the messages that the engine has received and not settled (invariant 4). */
export class ReceiveWindow {
  readonly #window: Demand;
  #messages = 0;
  #bytes = 0;

  constructor(window: Demand) {
    this.#window = window;
  }

  /**
   * A message larger than the whole window is taken alone. `unacknowledged`: messages without an acknowledgement, when they
   * are bounded too: settled messages behind an unsettled one are delivered again after a crash.
   */
  isFullFor(bytes: number, unacknowledged = 0): boolean {
    const { messages, bytes: maxBytes } = this.#window;
    if (this.#messages >= messages || unacknowledged >= messages) return true;
    return this.#messages > 0 && this.#bytes + bytes > maxBytes;
  }

  enter(bytes: number): void {
    this.#messages += 1;
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#messages -= 1;
    this.#bytes -= bytes;
  }
}
