import { type Link, SpanKind } from '@opentelemetry/api';
import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { EndSpan, SendTrace, StageTrace, Trace, TraceOutcome, Wait } from '#contract/trace.ts';
import { within } from './active-context.ts';
import { guardOutcome, StageDescriptions } from './describe-stage.ts';
import { finish, writeFailure } from './failed-span.ts';
import { FunctionSpan } from './function-span.ts';
import { NAMES, WAITS } from '../attribute-names.ts';
import { OpenSpans } from './open-spans.ts';
import type { RecordedSpan } from './recorded-span.ts';
import type { Recorder } from './recorder.ts';
import { withContext } from './trace-context.ts';
import type { Attributes, TracedRoute } from './traced-route.ts';
import { Waits } from './waits.ts';

const NO_LINKS: readonly Link[] = [];
const STAGES = new StageDescriptions();

/** A sampled message: a span of its own, with one for each thing that is done for it. */
export class MessageTrace implements Trace {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceparent = undefined;
  readonly span: RecordedSpan;
  readonly #recorder: Recorder;
  readonly #route: TracedRoute;
  readonly #template: string;
  readonly #waits = new Waits();
  readonly #open = new OpenSpans();

  /** `template`: of the source, as in the name of the span. `spooledMs`: how long the message was in a spool before. */
  constructor(recorder: Recorder, route: TracedRoute, span: RecordedSpan, template: string, spooledMs: number) {
    this.#recorder = recorder;
    this.#route = route;
    this.#template = template;
    this.span = span;
    const { traceId, spanId } = span.spanContext();
    this.traceId = traceId;
    this.spanId = spanId;
    if (spooledMs > 0) this.#waits.add(span, 'spool', spooledMs / 1000);
  }

  labelled(className: string): void {
    this.span.put(NAMES.label, className);
  }

  keyed(key: string): void {
    if (this.#route.showsKeys) this.span.put(NAMES.key, key);
  }

  waits(what: Wait): void {
    this.#waits.end(this.span);
    this.#waits.begin(what);
  }

  decode(codec: string): EndSpan {
    return this.#child(`decode ${this.#route.route}`, SpanKind.INTERNAL, { [NAMES.codec]: codec });
  }

  stage(name: string, index: number): StageTrace {
    this.#waits.end(this.span);
    const { spanName, kind, guard } = STAGES.of(name);
    const attributes: Attributes = { [NAMES.stage]: name, [NAMES.stageKind]: kind, [NAMES.stageIndex]: index };
    if (guard !== undefined) attributes[NAMES.guard] = guard;
    const span = this.#open.with(this.#begin(spanName, SpanKind.INTERNAL, attributes));
    const seen = new FunctionSpan(span);
    return {
      span: seen,
      within: (act) => within(seen, act),
      end(failure, results) {
        span.put(NAMES.stageResults, results);
        if (guard !== undefined) span.put(NAMES.guardOutcome, guardOutcome(failure));
        finish(span, failure);
      },
    };
  }

  retries({ code, place }: SluiceError, delayMs: number): void {
    const attributes: Attributes = { [NAMES.errorType]: code, [NAMES.delay]: delayMs / 1000 };
    if (place.stage !== undefined) attributes[NAMES.failedStage] = place.stage;
    this.span.addEvent('retry', attributes);
    this.waits('retry');
  }

  send(frame: Frame, sink: number): SendTrace {
    const waitedS = this.#waits.end(this.span);
    const to = this.#route.sinks[sink];
    const attributes: Attributes = {
      [NAMES.system]: to?.system ?? '',
      [NAMES.operationName]: to?.send ?? '',
      [NAMES.operationType]: 'send',
      [NAMES.destination]: frame.address,
      [NAMES.template]: to?.template ?? '',
      [NAMES.bodySize]: frame.body?.length ?? 0,
      [NAMES.sink]: to?.name ?? '',
    };
    if (frame.id !== undefined && this.#route.hasPlainIds) attributes[NAMES.messageId] = frame.id;
    if (waitedS > 0) attributes[WAITS.sink] = waitedS;
    const span = this.#open.with(this.#begin(to?.spanName ?? '', SpanKind.PRODUCER, attributes));
    return {
      headers: withContext(span.spanContext(), frame.headers),
      end: (failure) => {
        finish(span, failure);
        // Until its end, or its next attempt.
        if (failure !== undefined) this.waits('sink');
      },
    };
  }

  deadLetter(failure: SluiceError, attempts: number): (letter: number | undefined) => void {
    this.#waits.end(this.span);
    const name = `deadletter ${this.#route.route}`;
    const span = this.#open.with(this.#begin(name, SpanKind.PRODUCER, { [NAMES.attempts]: attempts }));
    writeFailure(span, failure);
    return (letter) => {
      if (letter !== undefined) span.put(NAMES.letter, letter);
      span.end();
    };
  }

  repeats(cause: string, earlier: string | undefined): void {
    this.span.put(NAMES.repeatCause, cause);
    if (earlier !== undefined) this.span.put(NAMES.repeatOf, earlier);
  }

  end(outcome: TraceOutcome, failure: SluiceError | undefined, settle: (() => void) | undefined): void {
    this.#waits.end(this.span);
    this.#open.end(outcome);
    if (outcome === 'released') settle?.();
    else if (settle !== undefined) this.#settle(failure === undefined ? 'accept' : 'reject', settle);
    this.span.put(NAMES.outcome, outcome);
    this.#waits.write(this.span);
    finish(this.span, failure);
  }

  #settle(outcome: 'accept' | 'reject', settle: () => void): void {
    const { system, settle: operations } = this.#route.source;
    const operation = operations[outcome];
    const end = this.#child(`${operation} ${this.#template}`, SpanKind.CLIENT, {
      [NAMES.system]: system,
      [NAMES.operationName]: operation,
      [NAMES.operationType]: 'settle',
      [NAMES.settled]: outcome,
    });
    settle();
    end();
  }

  #child(name: string, kind: SpanKind, attributes: Attributes): EndSpan {
    this.#waits.end(this.span);
    const span = this.#begin(name, kind, attributes);
    return (failure) => finish(span, failure);
  }

  #begin(name: string, kind: SpanKind, attributes: Attributes): RecordedSpan {
    return this.#recorder.start({ name, kind, attributes, links: NO_LINKS, parent: this.span.spanContext() });
  }
}
