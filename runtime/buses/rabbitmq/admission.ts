import type { Demand } from '#contract/source.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import { Deque } from '#kit/deque.ts';
import { ReceiveWindow } from '../support/receive-window.ts';
import type { QueueDelivery } from './queue-delivery.ts';

/**
 * Deliveries on their way to the engine. The prefetch bounds messages, and AMQP has no bound for bytes (invariant 4):
 * deliveries beyond the window's bytes wait here.
 */
export class Admission {
  readonly #ready = new AsyncQueue<QueueDelivery>((delivery) => delivery.bytes);
  #waiting = new Deque<QueueDelivery>();
  /** Counts deliveries that are ready or that the engine has. */
  readonly #window: ReceiveWindow;
  /** The session consumes, and its deliveries may be passed on. */
  #isOpen = false;

  constructor(window: Demand) {
    this.#window = new ReceiveWindow(window);
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly QueueDelivery[]> {
    return this.#ready.read(room, signal);
  }

  /** Passes nothing on until the next `open`. */
  shut(): void {
    this.#isOpen = false;
  }

  open(): void {
    this.#isOpen = true;
    this.#admit();
  }

  push(delivery: QueueDelivery): void {
    delivery.acks.enter(delivery);
    this.#waiting.push(delivery);
    this.#admit();
  }

  /** The engine has settled the delivery. `acknowledge` is called before others are admitted. */
  settled(delivery: QueueDelivery, acknowledge: () => void): void {
    this.#window.leave(delivery.bytes);
    acknowledge();
    this.#admit();
  }

  /** The session is over: the server delivers again the messages that the engine has not received. */
  clear(): void {
    this.#isOpen = false;
    this.#waiting = new Deque();
    for (let unread = this.#ready.dropOldest(); unread !== undefined; unread = this.#ready.dropOldest()) {
      this.#window.leave(unread.bytes);
    }
  }

  #admit(): void {
    if (!this.#isOpen) return;
    for (let next = this.#waiting.at(0); next !== undefined; next = this.#waiting.at(0)) {
      if (this.#window.isFullFor(next.bytes)) return;
      this.#waiting.shift();
      this.#window.enter(next.bytes);
      this.#ready.push(next);
    }
  }
}
