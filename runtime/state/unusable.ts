import { messageOf, SluiceError } from '#contract/errors.ts';

/** STATE_UNUSABLE: what was to be done, and what came of it. */
export function unusable(expected: string, thrown: unknown): SluiceError {
  return new SluiceError('STATE_UNUSABLE', `expected to ${expected}, found ${messageOf(thrown)}`, { cause: thrown });
}
