import type { SluiceError } from '#contract/errors.ts';
import type { Receipt } from '#contract/sink.ts';
import { RecordBatch } from './record-batch.ts';

/** A batch that is filled, sent or awaited. All its frames share one promise, for they end alike. */
export class PendingBatch {
  readonly records = new RecordBatch();
  readonly promise: Promise<Receipt>;
  readonly confirm: (receipt: Receipt) => void;
  readonly fail: (error: SluiceError) => void;
  /** It takes no more. */
  isSealed = false;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    this.promise = promise;
    this.confirm = resolve;
    this.fail = reject;
  }
}
