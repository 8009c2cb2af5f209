import type { SluiceError } from '#contract/errors.ts';
import { NAMES } from '../attribute-names.ts';
import type { RecordedSpan } from './recorded-span.ts';

/**
 * Writes a failure into its span: the code, the schema and the place in the body that it names. Never the text: it may quote
 * confidential data.
 */
export function writeFailure(span: RecordedSpan, { code, place }: SluiceError): void {
  span.put(NAMES.errorType, code);
  if (place.stage !== undefined) span.put(NAMES.failedStage, place.stage);
  if (place.schema !== undefined) span.put(NAMES.schema, place.schema);
  if (place.pointer !== undefined) span.put(NAMES.pointer, place.pointer);
}

/** Ends a span; with a failure its status is ERROR. */
export function finish(span: RecordedSpan, failure: SluiceError | undefined): void {
  if (failure !== undefined) {
    writeFailure(span, failure);
    span.fail(failure.code);
  }
  span.end();
}
