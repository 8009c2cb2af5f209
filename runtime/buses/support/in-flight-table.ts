import type { SluiceError } from '#contract/errors.ts';
import type { Receipt, SendResult } from '#contract/send-result.ts';
import { IntMap } from '#kit/int-map.ts';

/** What every send has; a driver adds what it looks for. */
export interface PendingSend {
  readonly result: SendResult;
}

/** The sends without an answer yet, by the number that matches an answer to its send, in the order of sending. */
export class InFlightTable<Sent extends PendingSend> {
  readonly #open = new IntMap<Sent>();

  get size(): number {
    return this.#open.size;
  }

  has(number: number): boolean {
    return this.#open.has(number);
  }

  /** Its result is told by `confirm`, `fail` or `failAll`. */
  add(number: number, sent: Sent): void {
    this.#open.add(number, sent);
  }

  /** False for a number that is not, or no longer, in flight. */
  confirm(number: number, receipt: Receipt): boolean {
    const open = this.#open.delete(number);
    open?.result.confirmed(receipt);
    return open !== undefined;
  }

  fail(number: number, error: SluiceError): boolean {
    const open = this.#open.delete(number);
    open?.result.failed(error);
    return open !== undefined;
  }

  /** In the order of sending; an entry may be confirmed or failed on the way. */
  entries(): Iterable<readonly [number: number, sent: Sent]> {
    return this.#open.entries();
  }

  /** Fails all, in the order of sending. */
  failAll(error: SluiceError): void {
    const failed = this.#open.values();
    this.#open.clear();
    for (const { result } of failed) result.failed(error);
  }
}
