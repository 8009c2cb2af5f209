import type { Delivery } from '#contract/delivery.ts';

/** The end of one message: its row, and what is written in the transaction that deletes it. */
export interface Ending {
  /** Undefined for a message that has no row here, such as a replayed dead letter. */
  readonly number: number | undefined;
  readonly writes: (() => void)[];
  readonly delivery: Delivery | undefined;
  /** To be called once the transaction is durable. */
  readonly done: (() => void)[];
}

/** Messages that have ended and wait for the next transaction. Each row is in it once, with all that is written about its end. */
export class Endings {
  /** Deliveries whose row has not ended. */
  readonly #lent = new WeakMap<Delivery, number>();
  readonly #queued = new WeakMap<Delivery, Ending>();
  #waiting: Ending[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  lent(delivery: Delivery, number: number): void {
    this.#lent.set(delivery, number);
  }

  /** The delivery is settled: nothing more is written about its end. */
  settled(delivery: Delivery): void {
    if (this.#lent.has(delivery)) this.#end(delivery);
  }

  /** `write` is part of the transaction that deletes the row of `delivery`, where it has one. Resolves once that is durable. */
  save(write: () => void, delivery: Delivery | undefined): Promise<void> {
    return new Promise((resolve) => {
      const ending = (delivery && this.#queued.get(delivery)) ?? this.#end(delivery);
      ending.writes.push(write);
      ending.done.push(resolve);
    });
  }

  /** Takes the first of them out, at most so many. */
  take(most: number): readonly Ending[] {
    const taken = this.#waiting.slice(0, most);
    this.#waiting = this.#waiting.slice(most);
    for (const { delivery } of taken) if (delivery !== undefined) this.#queued.delete(delivery);
    return taken;
  }

  /** Their transaction has failed: they are the first of the next one. */
  giveBack(endings: readonly Ending[]): void {
    this.#waiting = [...endings, ...this.#waiting];
  }

  #end(delivery: Delivery | undefined): Ending {
    const number = delivery && this.#lent.get(delivery);
    const ending: Ending = { number, delivery, writes: [], done: [] };
    if (delivery !== undefined) {
      this.#lent.delete(delivery);
      this.#queued.set(delivery, ending);
    }
    this.#waiting.push(ending);
    return ending;
  }
}
