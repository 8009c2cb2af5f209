import { type Span, type SpanContext, trace, TraceFlags } from '@opentelemetry/api';
import type { Delivery } from '#contract/delivery.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { StageTrace, Trace, TraceOutcome } from '#contract/trace.ts';
import { within } from './active-context.ts';
import { newSpanId } from './ids.ts';
import { traceparentOf } from './trace-context.ts';

/** A message as its span tells of it: how it came, and its trace context. */
export interface Unseen {
  readonly delivery: Delivery;
  readonly receivedAtMs: number;
  /** The trace context that the message came with. */
  readonly carried: SpanContext | undefined;
  /** The same, where the message goes on with it. */
  readonly parent: SpanContext | undefined;
}

/** Makes the span of a message that failed, after its end. */
export interface MakesSpans {
  failed(message: Unseen, ids: { readonly traceId: string; readonly spanId: string }, failed: Failed): void;
}

/** How the message ended, and the dead letter that was written of it. */
export interface Failed {
  readonly outcome: TraceOutcome;
  readonly failure: SluiceError | undefined;
  readonly attempts: number;
  readonly letter: number | undefined;
  readonly label: string | undefined;
}

/** A message that is not sampled. It costs next to nothing, and has a span only where it becomes a dead letter. */
export class UnsampledTrace implements Trace {
  readonly traceId: string;
  readonly #message: Unseen | undefined;
  readonly #parent: SpanContext | undefined;
  readonly #maker: MakesSpans;
  #ownSpanId: string | undefined;
  #label: string | undefined;
  #letter: { readonly attempts: number; number: number | undefined } | undefined;

  /** `message`: undefined for what several are joined into. */
  constructor(traceId: string, message: Unseen | undefined, maker: MakesSpans) {
    this.traceId = traceId;
    this.#message = message;
    this.#parent = message?.parent;
    this.#maker = maker;
  }

  get spanId(): string {
    return (this.#ownSpanId ??= newSpanId());
  }

  get traceparent(): string | undefined {
    return this.#parent === undefined ? traceparentOf(this.#context()) : undefined;
  }

  labelled(className: string): void {
    this.#label = className;
  }

  keyed(): void {}

  waits(): void {}

  decode(): undefined {}

  stage(): StageTrace {
    return new UnsampledStage(this.#parent ?? this.#context());
  }

  retries(): void {}

  send(): undefined {}

  deadLetter(_: SluiceError, attempts: number): (letter: number | undefined) => void {
    const letter = { attempts, number: undefined as number | undefined };
    this.#letter = letter;
    return (number) => {
      letter.number = number;
    };
  }

  repeats(): void {}

  end(outcome: TraceOutcome, failure: SluiceError | undefined, settle: (() => void) | undefined): void {
    settle?.();
    if (this.#letter === undefined || this.#message === undefined || outcome === 'released') return;
    const { attempts, number } = this.#letter;
    this.#maker.failed(this.#message, this, { outcome, failure, attempts, letter: number, label: this.#label });
  }

  #context(): SpanContext {
    return { traceId: this.traceId, spanId: this.spanId, traceFlags: TraceFlags.NONE };
  }
}

/** What the function of a stage traces by itself is not sampled either. */
class UnsampledStage implements StageTrace {
  readonly #spanContext: SpanContext;

  constructor(spanContext: SpanContext) {
    this.#spanContext = spanContext;
  }

  get span(): Span {
    return trace.wrapSpanContext(this.#spanContext);
  }

  within<Result>(act: () => Result): Result {
    return within(this.span, act);
  }

  end(): void {}
}
