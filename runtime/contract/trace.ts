import type { Span } from '@opentelemetry/api';
import type { Delivery } from './delivery.ts';
import type { SluiceError } from './errors.ts';
import type { Frame, Headers } from './frame.ts';

/** Makes the trace of each delivery. Absent where tracing is off: then headers pass unchanged, at no cost. */
export interface Tracer {
  /** `receivedAtMs`: when the bridge received it, in milliseconds since 1970 (UTC); before now where a spool kept it. */
  begin(delivery: Delivery, receivedAtMs: number): Trace;
  /** Of what several deliveries are joined into: a trace of its own, linked to each of theirs. */
  join(joined: Delivery, of: readonly Trace[]): Trace;
  /** Messages whose trace context was invalid or repeated, and so counted as none. */
  readonly contextsRejected: number;
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

/** Of a delivery that is settled here, and not given back to its source. */
export type SettledOutcome = Exclude<TraceOutcome, 'released'>;

/**
 * What a message waits for while nothing is done for it: the one that it repeats, earlier ones of its lane, its next attempt, others
 * that a stage joins it with, its turn at a sink, the state folder.
 */
export type Wait = 'repeat' | 'lane' | 'retry' | 'join' | 'sink' | 'state';

/**
 * The spans of one delivery, from hand-over to settlement. Most messages may be unsampled: then no span is made, the methods that
 * open one return undefined, and only the span of a message that fails is made at its end.
 */
export interface Trace {
  /** 32 hex digits, for the dead letter and the log. */
  readonly traceId: string;
  /** 16 hex digits, for the dead letter. */
  readonly spanId: string;
  /**
   * The `traceparent` to send where no span of a send is made and the message came without a trace context: the sides behind the
   * bridge know that it is not sampled. Undefined otherwise.
   */
  readonly traceparent: string | undefined;
  /** The class of its label, where the file names a policy. */
  labelled(className: string): void;
  /** Its ordering key. In the span only where the operator has asked for keys. */
  keyed(key: string): void;
  /** It waits from now on. The next span of it, or its end, ends the wait. */
  waits(what: Wait): void;
  /** Opens the span of the decoding; the function returned ends it. */
  decode(codec: string): EndSpan | undefined;
  /** Opens the span of a stage. `index`: its place on the route, from 0. */
  stage(name: string, index: number): StageTrace | undefined;
  /** A stage failed, and the message is tried again after the delay. */
  retries(failure: SluiceError, delayMs: number): void;
  /** Opens the span of one attempt to send. `sink`: its place among those of the route. */
  send(frame: Frame, sink: number): SendTrace | undefined;
  /** Opens the span of the writing of its dead letter. */
  deadLetter(failure: SluiceError, attempts: number): ((letter: number | undefined) => void) | undefined;
  /** The message repeats one that was sent earlier, at that time (RFC 3339) where it is known. `end` follows. */
  repeats(cause: string, earlier: string | undefined): void;
  /** Settles by `settle`, in a span of its own, and ends the whole. `settle`: undefined for what deliveries were joined into. */
  end(outcome: TraceOutcome, failure: SluiceError | undefined, settle: (() => void) | undefined): void;
}

export type EndSpan = (failure?: SluiceError) => void;

/** The span of one call of a stage. */
export interface StageTrace {
  readonly span: Span;
  /** Runs `act` with the span as the active one, also in what it awaits. */
  within<Result>(act: () => Result): Result;
  /** `results`: how many messages the stage has made of one. */
  end(failure: SluiceError | undefined, results: number): void;
}

/** The span of one attempt to send. */
export interface SendTrace {
  /** The frame's, with the context of this span written into them. */
  readonly headers: Headers;
  readonly end: EndSpan;
}
