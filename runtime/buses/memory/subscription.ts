import type { Delivery, Outcome } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import type { Demand } from '#contract/source.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import { matches } from './match.ts';

interface UnsettledFrame {
  readonly sequence: number;
  readonly frame: Frame;
  attempt: number;
}

/** The unsettled frames of one group of a hub. Like a durable consumer it outlives the sources that read it. */
export class Subscription {
  readonly #hub: string;
  readonly #filters: readonly string[];
  /** In order of arrival. */
  readonly #unsettled = new Map<number, UnsettledFrame>();
  #waiting = new AsyncQueue<Delivery>((delivery) => delivery.frame.body?.length ?? 0);
  #epoch = 0;

  constructor(hub: string, filters: readonly string[]) {
    this.#hub = hub;
    this.#filters = filters;
  }

  /** The number of frames that the hub stores for the group, read or not. */
  get unsettled(): number {
    return this.#unsettled.size;
  }

  offer(sequence: number, frame: Frame): void {
    if (!this.#filters.some((filter) => matches(filter, frame.address))) return;
    const unsettled = { sequence, frame, attempt: 1 };
    this.#unsettled.set(sequence, unsettled);
    this.#waiting.push(this.#deliveryOf(unsettled));
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#waiting.read(room, signal);
  }

  /** The connection is lost: later settlements are void, and unsettled frames are delivered again, in order, after `resume`. */
  interrupt(): void {
    this.#epoch += 1;
    while (this.#waiting.dropOldest() !== undefined);
  }

  /** The connection is back. */
  resume(): void {
    for (const unsettled of this.#unsettled.values()) {
      unsettled.attempt += 1;
      this.#waiting.push(this.#deliveryOf(unsettled));
    }
  }

  #deliveryOf(unsettled: UnsettledFrame): Delivery {
    const epoch = this.#epoch;
    return {
      id: `${this.#hub}:${unsettled.sequence}`,
      frame: unsettled.frame,
      attempt: unsettled.attempt,
      settle: (outcome: Outcome) => {
        // Invariant 2: a settlement whose epoch is gone is dropped.
        if (epoch === this.#epoch && outcome.kind !== 'release') this.#unsettled.delete(unsettled.sequence);
      },
    };
  }
}
