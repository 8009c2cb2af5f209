import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { RecordBatch } from '../records/record-batch.ts';

type Ending = PromiseWithResolvers<Receipt>;

/** A frame of the batch; `own` where it expires. */
interface Held {
  readonly frame: Frame;
  readonly key: Uint8Array | undefined;
  readonly own: Ending | undefined;
}

/**
 * A batch that is filled, sent or awaited. Its frames share one promise, for they end alike; only a frame that expires has
 * its own, for it may be taken out before the batch leaves.
 */
export class PendingBatch {
  /** It takes no more. */
  isSealed = false;
  #records = new RecordBatch();
  #held: Held[] = [];
  #shared: Ending | undefined;
  #firstExpiryMs = Number.POSITIVE_INFINITY;

  /** Frames in it. */
  get count(): number {
    return this.#records.count;
  }

  /** The batch as it leaves; `count` is above 0. */
  get records(): RecordBatch {
    return this.#records;
  }

  /** `bound`: what `RecordBatch.bound` says of it. */
  add(frame: Frame, key: Uint8Array | undefined, nowMs: number, bound: number): Promise<Receipt> {
    const own = frame.expiresAtMs === undefined ? undefined : Promise.withResolvers<Receipt>();
    this.#put({ frame, key, own }, nowMs, bound);
    return (own ?? (this.#shared ??= Promise.withResolvers<Receipt>())).promise;
  }

  confirm(receipt: Receipt): void {
    this.#shared?.resolve(receipt);
    for (const { own } of this.#held) own?.resolve(receipt);
  }

  fail(error: SluiceError): void {
    this.#shared?.reject(error);
    for (const { own } of this.#held) own?.reject(error);
  }

  /** Takes out what has expired while it waited here, and fails each with what `expired` makes (invariant 8). */
  dropExpired(nowMs: number, expired: () => SluiceError): void {
    if (nowMs < this.#firstExpiryMs) return;
    const before = this.#held;
    this.#records = new RecordBatch();
    this.#held = [];
    this.#firstExpiryMs = Number.POSITIVE_INFINITY;
    for (const held of before) {
      const { frame, key, own } = held;
      if (frame.expiresAtMs !== undefined && frame.expiresAtMs <= nowMs) own?.reject(expired());
      else this.#put(held, nowMs, RecordBatch.bound(frame, key));
    }
  }

  #put(held: Held, nowMs: number, bound: number): void {
    const { frame, key } = held;
    this.#records.add(frame, key, nowMs, bound);
    this.#held.push(held);
    if (frame.expiresAtMs !== undefined) this.#firstExpiryMs = Math.min(this.#firstExpiryMs, frame.expiresAtMs);
  }
}
