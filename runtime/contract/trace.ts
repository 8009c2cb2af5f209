import type { Delivery } from './delivery.ts';
import type { SluiceError } from './errors.ts';
import type { Frame, Headers } from './frame.ts';

/** Makes the trace of each delivery. Absent where tracing is off: then headers pass unchanged, at no cost. */
export interface Tracer {
  begin(delivery: Delivery): Trace;
}

/** The result of one delivery, as in its span. */
export type TraceOutcome =
  | 'delivered'
  | 'dropped'
  | 'superseded'
  | 'repeated'
  | 'expired'
  | 'dead-lettered'
  | 'blocked'
  | 'released';

/** The span of one delivery from hand-over to settlement, with children for stages and sends. */
export interface Trace {
  /** 32 hex digits, for the dead letter. */
  readonly traceId: string;
  /** 16 hex digits, for the dead letter. */
  readonly spanId: string;
  /** Opens a child span; the function returned ends it. */
  stage(name: string): (failure?: SluiceError) => void;
  /** Opens the send's span. `headers` are the frame's with the context of this span written into them. */
  send(frame: Frame): { readonly headers: Headers; end(failure?: SluiceError): void };
  /** The message repeats one that was sent earlier, at that time (RFC 3339) where it is known. `end` follows. */
  repeats(cause: string, earlier: string | undefined): void;
  end(outcome: TraceOutcome, failure?: SluiceError): void;
}
