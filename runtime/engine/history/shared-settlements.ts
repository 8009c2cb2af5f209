import type { Shared } from '#contract/delivery.ts';
import { Deque } from '#kit/deque.ts';

interface Settlement {
  readonly lane: string;
  readonly shared: Shared;
}

/**
 * The last settlement of each lane that is not durable at a source which several processes share: until it is, another process
 * may send the message again, so nothing newer of the lane may be sent. Holds nothing of the messages but
 * their lanes. The source bounds their number: it hands nothing more over while too many are not durable.
 */
export class SharedSettlements {
  readonly #last = new Map<string, Settlement>();
  /** In the order in which they become durable. */
  readonly #order = new Deque<Settlement>();

  /** The delivery was settled just now. */
  settled(lane: string, shared: Shared): void {
    // It has no effect, and would hide an earlier one that counts.
    if (shared.isRevoked) return;
    const settlement = { lane, shared };
    this.#last.set(lane, settlement);
    this.#order.push(settlement);
    for (let first = this.#order.at(0); first?.shared.isDurable === true; first = this.#order.at(0)) {
      this.#order.shift();
      if (this.#last.get(first.lane) === first) this.#last.delete(first.lane);
    }
  }

  /** Resolves once every settlement of the lane is durable or revoked, and asks for it at once; undefined when it is. */
  pending(lane: string): Promise<void> | undefined {
    const shared = this.#last.get(lane)?.shared;
    return shared === undefined || shared.isDurable ? undefined : shared.whenDurable();
  }
}
