import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { InFlight } from '../in-flight.ts';
import type { OutgoingFrame } from './pipelined-sender.ts';
import type { SendAttempt } from './send-attempt.ts';
import { type ReplayHeaders, replayHeadersOf, withReplayHeaders } from './replay-headers.ts';
import type { SendContext } from './send-context.ts';
import { renamedIfSwallowed } from './swallowed.ts';
import { traced } from './traced.ts';

/** The frames of one message that are on their way. */
export interface Parts {
  readonly inFlight: InFlight;
  /** Frames that the sink has neither confirmed nor refused. */
  open: number;
  /** Of the first frame that was refused. */
  failure: SluiceError | undefined;
}

interface Queue {
  push(frame: TracedFrame): void;
  /** The sink has confirmed one frame of the message, or refused it. */
  ended(parts: Parts, failure: SluiceError | undefined): void;
}

/** An outgoing frame that is counted and traced. */
export class TracedFrame implements OutgoingFrame {
  readonly frame: Frame;
  sends = 0;
  faults = 0;
  sentAtMs = 0;
  state: OutgoingFrame['state'] = 'waiting';
  readonly #context: SendContext;
  readonly #parts: Parts;
  readonly #queue: Queue;
  #isStale = false;

  constructor(context: SendContext, parts: Parts, frame: Frame, queue: Queue) {
    this.frame = frame;
    this.#context = context;
    this.#parts = parts;
    this.#queue = queue;
  }

  sending(): SendAttempt | undefined {
    const { trafficClass } = this.#context.route.policy;
    const mark = CLASSES[trafficClass].marksRepeats ? this.#mark() : undefined;
    const attempt = traced(this.#parts.inFlight.envelope, this.frame, this.#context.sink);
    if (mark === undefined) return attempt;
    const frame = withReplayHeaders(attempt?.frame ?? this.frame, mark);
    return { frame, end: (failure) => attempt?.end(failure) };
  }

  confirmed(receipt: Receipt): void {
    const { envelope } = this.#parts.inFlight;
    const renamed = renamedIfSwallowed(this.#context, envelope, this.frame, this.sends, receipt);
    if (renamed === undefined) this.#queue.ended(this.#parts, undefined);
    else this.#queue.push(new TracedFrame(this.#context, this.#parts, renamed, this.#queue));
  }

  refused(failure: SluiceError): void {
    this.#queue.ended(this.#parts, failure);
  }

  #mark(): ReplayHeaders | undefined {
    const { history, sink } = this.#context;
    const { envelope } = this.#parts.inFlight;
    if (this.sends === 1) {
      this.#isStale = history.isStale(envelope, sink);
      history.handedOver(envelope, sink);
    }
    return replayHeadersOf(envelope, this.sends, this.#isStale);
  }
}
