import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { RecordBatch } from '../records/record-batch.ts';

type Confirmation = PromiseWithResolvers<Receipt>;

/** A frame of the batch; `own` where it expires. */
interface PendingFrame {
  readonly frame: Frame;
  readonly key: Uint8Array | undefined;
  readonly own: Confirmation | undefined;
}

/**
 * A batch that is filled, sent or awaited. Its frames share one promise, because they end alike; only a frame that expires
 * has its own, because it may be taken out before the batch is sent.
 */
export class PendingBatch {
  /** No frame may be added. */
  isSealed = false;
  #records = new RecordBatch();
  #frames: PendingFrame[] = [];
  #shared: Confirmation | undefined;
  #firstExpiryMs = Number.POSITIVE_INFINITY;

  /** Frames in it. */
  get count(): number {
    return this.#records.count;
  }

  /** The batch to send; `count` is above 0. */
  get records(): RecordBatch {
    return this.#records;
  }

  /** `bound`: the result of `RecordBatch.bound` for it. */
  add(frame: Frame, key: Uint8Array | undefined, nowMs: number, bound: number): Promise<Receipt> {
    const own = frame.expiresAtMs === undefined ? undefined : Promise.withResolvers<Receipt>();
    this.#put({ frame, key, own }, nowMs, bound);
    return (own ?? (this.#shared ??= Promise.withResolvers<Receipt>())).promise;
  }

  confirm(receipt: Receipt): void {
    this.#shared?.resolve(receipt);
    for (const { own } of this.#frames) own?.resolve(receipt);
  }

  fail(error: SluiceError): void {
    this.#shared?.reject(error);
    for (const { own } of this.#frames) own?.reject(error);
  }

  /** Takes out frames that have expired while they waited here, and fails each with the error of `expired` (invariant 8). */
  dropExpired(nowMs: number, expired: () => SluiceError): void {
    if (nowMs < this.#firstExpiryMs) return;
    const before = this.#frames;
    this.#records = new RecordBatch();
    this.#frames = [];
    this.#firstExpiryMs = Number.POSITIVE_INFINITY;
    for (const pending of before) {
      const { frame, key, own } = pending;
      if (frame.expiresAtMs !== undefined && frame.expiresAtMs <= nowMs) own?.reject(expired());
      else this.#put(pending, nowMs, RecordBatch.bound(frame, key));
    }
  }

  #put(pending: PendingFrame, nowMs: number, bound: number): void {
    const { frame, key } = pending;
    this.#records.add(frame, key, nowMs, bound);
    this.#frames.push(pending);
    if (frame.expiresAtMs !== undefined) this.#firstExpiryMs = Math.min(this.#firstExpiryMs, frame.expiresAtMs);
  }
}
