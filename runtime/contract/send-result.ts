import { asSluiceError, type SluiceError } from './errors.ts';

/** `duplicate`: the bus confirmed and reported that it already held a frame with this id. */
export type Receipt = 'confirmed' | 'duplicate';

/** Takes the result of one send: one call of one of them, never before the send has returned. */
export interface SendResult {
  confirmed(receipt: Receipt): void;
  failed(error: SluiceError): void;
}

/** The result of a send as a promise. `send` may throw; then nothing was handed over. */
export function promisedResult(send: (result: SendResult) => void): Promise<Receipt> {
  const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
  send({ confirmed: resolve, failed: reject });
  return promise;
}

/** Tells `result` how `sent` ends. */
export function reportTo(result: SendResult, sent: Promise<Receipt>): void {
  sent.then(
    (receipt) => result.confirmed(receipt),
    (thrown: unknown) => result.failed(asSluiceError(thrown)),
  );
}
