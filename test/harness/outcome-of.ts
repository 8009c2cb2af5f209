import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Receipt } from '../../runtime/contract/sink.ts';

/** The receipt, or the error that was thrown or rejected. */
export async function outcomeOf(send: () => Promise<Receipt>): Promise<Receipt | SluiceError> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}
