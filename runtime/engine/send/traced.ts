import type { Frame } from '#contract/frame.ts';
import type { Envelope } from '../in-flight.ts';
import type { SendAttempt } from './send-attempt.ts';

/**
 * One attempt with a span of its own; undefined where tracing is off. The context of the span is in the headers, but not in those of
 * what a guard released: it would tell the low side of the high one.
 */
export function traced({ trace }: Envelope, frame: Frame): SendAttempt | undefined {
  const span = trace?.send(frame);
  if (span === undefined) return undefined;
  const end: SendAttempt['end'] = (failure) => span.end(failure);
  return { frame: frame.sealed === true ? frame : { ...frame, headers: span.headers }, end };
}
