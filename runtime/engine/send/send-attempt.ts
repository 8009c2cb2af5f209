import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';

/** One attempt with a trace context of its own in its headers. */
export interface SendAttempt {
  readonly frame: Frame;
  end(failure?: SluiceError): void;
}
