import type { SluiceError } from '#contract/errors.ts';
import type { Receipt } from '#contract/sink.ts';
import { IntMap } from '#kit/int-map.ts';

interface PendingSend<Sent> {
  readonly sent: Sent;
  readonly confirm: (receipt: Receipt) => void;
  readonly fail: (error: SluiceError) => void;
}

/** The sends without an answer yet, by the number that matches an answer to its send, in the order of sending. */
export class InFlightTable<Sent> {
  readonly #open = new IntMap<PendingSend<Sent>>();

  get size(): number {
    return this.#open.size;
  }

  has(number: number): boolean {
    return this.#open.has(number);
  }

  /** Settles by `confirm`, `fail` or `failAll`. */
  await(number: number, sent: Sent): Promise<Receipt> {
    return new Promise((confirm, fail) => {
      this.#open.add(number, { sent, confirm, fail });
    });
  }

  /** False for a number that is not, or no longer, in flight. */
  confirm(number: number, receipt: Receipt): boolean {
    const open = this.#open.delete(number);
    open?.confirm(receipt);
    return open !== undefined;
  }

  fail(number: number, error: SluiceError): boolean {
    const open = this.#open.delete(number);
    open?.fail(error);
    return open !== undefined;
  }

  /** In the order of sending; an entry may be confirmed or failed on the way. */
  *entries(): Generator<readonly [number: number, sent: Sent]> {
    for (const [number, { sent }] of this.#open.entries()) yield [number, sent];
  }

  /** Fails all, in the order of sending. */
  failAll(error: SluiceError): void {
    const failed = this.#open.values();
    this.#open.clear();
    for (const { fail } of failed) fail(error);
  }
}
