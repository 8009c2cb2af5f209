import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { bytesOfText } from '#kit/raw-text.ts';
import { RecordBatch } from './record-batch.ts';

type Ending = PromiseWithResolvers<Receipt>;

/**
 * A batch that is filled, sent or awaited. Its frames share one promise, for they end alike; only a frame that expires has
 * its own, for it may be taken out before the batch leaves.
 */
export class PendingBatch {
  /** It takes no more. */
  isSealed = false;
  #records = new RecordBatch();
  #frames: Frame[] = [];
  #shared: Ending | undefined;
  /** By the place of their frames. */
  #own = new Map<number, Ending>();
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
    this.#records.add(frame, key, nowMs, bound);
    const place = this.#frames.push(frame) - 1;
    if (frame.expiresAtMs === undefined) return (this.#shared ??= Promise.withResolvers<Receipt>()).promise;
    const own = Promise.withResolvers<Receipt>();
    this.#own.set(place, own);
    this.#firstExpiryMs = Math.min(this.#firstExpiryMs, frame.expiresAtMs);
    return own.promise;
  }

  confirm(receipt: Receipt): void {
    this.#shared?.resolve(receipt);
    for (const own of this.#own.values()) own.resolve(receipt);
  }

  fail(error: SluiceError): void {
    this.#shared?.reject(error);
    for (const own of this.#own.values()) own.reject(error);
  }

  /** Takes out what has expired while it waited here, and fails each with what `expired` makes (invariant 8). */
  dropExpired(nowMs: number, expired: () => SluiceError): void {
    if (nowMs < this.#firstExpiryMs) return;
    const before = { frames: this.#frames, own: this.#own };
    this.#records = new RecordBatch();
    this.#frames = [];
    this.#own = new Map();
    this.#firstExpiryMs = Number.POSITIVE_INFINITY;
    for (const [place, frame] of before.frames.entries()) {
      const own = before.own.get(place);
      const { expiresAtMs = Number.POSITIVE_INFINITY } = frame;
      if (expiresAtMs <= nowMs) {
        own?.reject(expired());
        continue;
      }
      const key = frame.key === undefined ? undefined : bytesOfText(frame.key);
      this.#records.add(frame, key, nowMs, RecordBatch.bound(frame, key));
      const newPlace = this.#frames.push(frame) - 1;
      if (own !== undefined) this.#own.set(newPlace, own);
      this.#firstExpiryMs = Math.min(this.#firstExpiryMs, expiresAtMs);
    }
  }
}
