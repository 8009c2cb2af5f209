import type { Frame } from '#contract/frame.ts';
import type { Envelope } from '../in-flight.ts';
import type { SendAttempt } from './send-attempt.ts';
import { withHeaders } from './with-headers.ts';

/** One attempt with a span of its own, whose context is in the headers; undefined where tracing is off. */
export function traced({ trace }: Envelope, frame: Frame, sink: number): SendAttempt | undefined {
  const span = trace?.send(frame, sink);
  return span && { frame: withHeaders(frame, span.headers), end: (failure) => span.end(failure) };
}
