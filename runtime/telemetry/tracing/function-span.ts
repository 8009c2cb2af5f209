import {
  type Attributes,
  type AttributeValue,
  createTraceState,
  type Exception,
  type HrTime,
  isSpanContextValid,
  type Link,
  type Span,
  type SpanContext,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  type TraceState,
} from '@opentelemetry/api';
import { isTimeInput, timeInputToHrTime } from '@opentelemetry/core';
import type { RecordedSpan } from './recorded-span.ts';

/**
 * The span of a stage as its function sees it. Code without types may hand over anything, in a thread of its own too: no call throws, and
 * none makes a span that the exporter cannot write, which would lose the spans of other messages with it. The runtime ends the span.
 */
export class FunctionSpan implements Span {
  readonly #span: RecordedSpan;

  constructor(span: RecordedSpan) {
    this.#span = span;
  }

  spanContext(): SpanContext {
    return this.#span.spanContext();
  }

  isRecording(): boolean {
    return this.#span.isRecording();
  }

  setAttribute(key: string, value: AttributeValue): this {
    return this.#try((span) => {
      if (isText(key)) span.setAttribute(key, value);
    });
  }

  setAttributes(attributes: Attributes): this {
    return this.#try((span) => span.setAttributes({ ...attributes }));
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    return this.#try((span) => {
      const isTime = isTimeInput(attributesOrTime);
      const attributes = isTime ? {} : { ...attributesOrTime };
      span.addEvent(textOf(name), attributes, momentOf(isTime ? attributesOrTime : time));
    });
  }

  addLink(link: Link): this {
    return this.#try((span) => {
      const { context, attributes } = link;
      if (isSpanContextValid(context)) span.addLink({ context: plainContext(context), attributes: { ...attributes } });
    });
  }

  addLinks(links: Link[]): this {
    return this.#try(() => {
      for (const link of links) this.addLink(link);
    });
  }

  setStatus(status: SpanStatus): this {
    return this.#try((span) => {
      const { code, message } = status;
      if (STATUS_CODES.has(code)) span.setStatus(isText(message) ? { code, message } : { code });
    });
  }

  updateName(name: string): this {
    return this.#try((span) => {
      if (isText(name)) span.updateName(name);
    });
  }

  recordException(exception: Exception, time?: TimeInput): void {
    this.#try((span) => {
      const attributes: Attributes = {};
      for (const [attribute, text] of partsOf(exception)) if (isText(text)) attributes[attribute] = text;
      span.addEvent('exception', attributes, momentOf(time));
    });
  }

  end(): void {}

  #try(act: (span: RecordedSpan) => void): this {
    try {
      act(this.#span);
    } catch {
      // What cannot be recorded is left out.
    }
    return this;
  }
}

const STATUS_CODES: ReadonlySet<unknown> = new Set([SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR]);

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Undefined is now. A time that is none cannot be written. */
function momentOf(time: TimeInput | undefined): HrTime | undefined {
  if (time === undefined) return undefined;
  const [seconds, nanoseconds] = timeInputToHrTime(time);
  return isPart(seconds, 2 ** 33) && isPart(nanoseconds, 1e9) ? [seconds, nanoseconds] : undefined;
}

function isPart(value: number, end: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < end;
}

/** Code without types may hand over anything. */
function textOf(text: unknown): string {
  return String(text);
}

/** Of an exception that is written as an event, by the name of the attribute. */
function partsOf(exception: unknown): readonly (readonly [attribute: string, text: unknown])[] {
  if (typeof exception !== 'object' || exception === null) return [['exception.message', String(exception)]];
  return [
    ['exception.type', Reflect.get(exception, 'name')],
    ['exception.message', Reflect.get(exception, 'message')],
    ['exception.stacktrace', Reflect.get(exception, 'stack')],
  ];
}

/** Read once: a getter may give something else to the exporter. */
function plainContext({ traceId, spanId, traceFlags, traceState }: SpanContext): SpanContext {
  const context: SpanContext = { traceId, spanId, traceFlags: traceFlags & 0xff };
  const state = stateOf(traceState);
  if (state !== undefined) context.traceState = state;
  return context;
}

function stateOf(state: TraceState | undefined): TraceState | undefined {
  return state === undefined ? undefined : createTraceState(textOf(state.serialize()));
}
