import {
  type Attributes,
  type AttributeValue,
  type HrTime,
  type Link,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
} from '@opentelemetry/api';
import { AddAttributeDecision, cleanAttributes, maybeAddAttribute } from '@opentelemetry/core';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import type { RecordedLimits } from './recorded-limits.ts';

/** What all spans of the process share. */
export interface SpanHome {
  readonly resource: ReadableSpan['resource'];
  readonly scope: ReadableSpan['instrumentationScope'];
  readonly limits: RecordedLimits;
  /** In milliseconds since 1970 (UTC), with fractions. */
  nowMs(): number;
  /** The attributes of the runtime under the limits. */
  limited(attributes: Attributes): Attributes;
  ended(span: ReadableSpan): void;
}

/** How a span begins. */
export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  /** Belong to the span from now on. */
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  /** In milliseconds since 1970 (UTC). */
  readonly startMs: number;
}

const NO_EVENTS: TimedEvent[] = [];
const NO_LINKS: Link[] = [];
const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };

/**
 * A span of a message. The SDK's own spans cost three times as much: they clean the attributes of the runtime, which are sound, and
 * each reads two clocks (docs/decisions/2026-11-28-traces.md). What a function writes is cleaned by the functions of the SDK.
 */
export class RecordedSpan implements ReadableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly attributes: Attributes;
  links: Link[] = NO_LINKS;
  events: TimedEvent[] = NO_EVENTS;
  status: SpanStatus = UNSET;
  ended = false;
  droppedAttributesCount = 0;
  droppedEventsCount = 0;
  droppedLinksCount = 0;
  readonly #recorder: SpanHome;
  readonly #context: SpanContext;
  readonly #startMs: number;
  #endMs = 0;

  constructor(recorder: SpanHome, { name, kind, context, parent, attributes, links, startMs }: SpanStart) {
    this.#recorder = recorder;
    this.#context = context;
    this.#startMs = startMs;
    this.name = name;
    this.kind = kind;
    if (parent !== undefined) this.parentSpanContext = parent;
    this.attributes = recorder.limited(attributes);
    for (const link of links) this.addLink(link);
  }

  get resource(): ReadableSpan['resource'] {
    return this.#recorder.resource;
  }

  get instrumentationScope(): ReadableSpan['instrumentationScope'] {
    return this.#recorder.scope;
  }

  get startTime(): HrTime {
    return hrTimeOf(this.#startMs);
  }

  get endTime(): HrTime {
    return hrTimeOf(this.#endMs);
  }

  get duration(): HrTime {
    return hrTimeOf(this.#endMs - this.#startMs);
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  setAttribute(key: string, value: AttributeValue): void {
    if (this.ended) return;
    const { attributes } = this;
    const { limits } = this.#recorder;
    const currentAttributesCount = Object.keys(attributes).length;
    const decision = maybeAddAttribute({ key, value, attributes, limits: limits.span, currentAttributesCount });
    if (decision === AddAttributeDecision.DROP_LIMIT_REACHED) this.droppedAttributesCount += 1;
  }

  setAttributes(attributes: Attributes): void {
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined) this.setAttribute(key, value);
  }

  /** An attribute of the runtime, which is sound. */
  put(name: string, value: string | number): void {
    if (this.#recorder.limits.isLimited) this.setAttribute(name, value);
    else this.attributes[name] = value;
  }

  /** `time`: absent, it is now. */
  addEvent(name: string, attributes: Attributes, time = hrTimeOf(this.#recorder.nowMs())): void {
    if (this.ended) return;
    const { limits } = this.#recorder;
    if (this.events.length >= limits.events) {
      this.droppedEventsCount += 1;
      return;
    }
    if (this.events === NO_EVENTS) this.events = [];
    this.events.push({ name, time, ...cleanAttributes(attributes, limits.event) });
  }

  addLink({ context, attributes }: Link): void {
    if (this.ended) return;
    const { limits } = this.#recorder;
    if (this.links.length >= limits.links) {
      this.droppedLinksCount += 1;
      return;
    }
    if (this.links === NO_LINKS) this.links = [];
    this.links.push({ context, ...cleanAttributes(attributes, limits.link) });
  }

  /** Ok is final (OpenTelemetry, Tracing API, Set Status). */
  setStatus({ code, message }: SpanStatus): void {
    if (this.ended || code === SpanStatusCode.UNSET || this.status.code === SpanStatusCode.OK) return;
    this.status = code === SpanStatusCode.ERROR && message !== undefined ? { code, message } : { code };
  }

  /** A failure of the runtime, whatever a function has set before. */
  fail(message: string): void {
    if (!this.ended) this.status = { code: SpanStatusCode.ERROR, message };
  }

  updateName(name: string): void {
    if (!this.ended) this.name = name;
  }

  /** Once; later calls have no effect. */
  end(): void {
    if (this.ended) return;
    this.#endMs = Math.max(this.#recorder.nowMs(), this.#startMs);
    this.ended = true;
    this.#recorder.ended(this);
  }
}

/** Seconds and nanoseconds. */
function hrTimeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  // Below a whole second, or the rounding would make one too many.
  return [seconds, Math.min(Math.round((ms - seconds * 1000) * 1e6), 999_999_999)];
}
