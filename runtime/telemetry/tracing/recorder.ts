import type { Attributes, SpanContext } from '@opentelemetry/api';
import { cleanAttributes } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanLimits, SpanProcessor } from '@opentelemetry/sdk-trace';
import { VERSION } from '#contract/version.ts';
import { newSpanId } from './ids.ts';
import { type RecordedLimits, recordedLimits } from './recorded-limits.ts';
import { sampledContext } from './trace-context.ts';
import { RecordedSpan, type SpanHome, type SpanStart } from './recorded-span.ts';

/** Makes the spans of messages and gives those that have ended to the processor of the SDK. */
export class Recorder implements SpanHome {
  readonly resource: Resource;
  readonly scope = { name: 'sluice', version: VERSION };
  readonly limits: RecordedLimits;
  /** The trace of the span that ended last. */
  newest: string | undefined;
  readonly #processor: Pick<SpanProcessor, 'onEnd'>;
  /** Of the wall clock beside the monotonic one. */
  #offsetMs = 0;
  #offsetUntilMs = 0;

  constructor(resource: Resource, processor: Pick<SpanProcessor, 'onEnd'>, limits: SpanLimits) {
    this.resource = resource;
    this.#processor = processor;
    this.limits = recordedLimits(limits);
  }

  /** In milliseconds since 1970 (UTC), with fractions. The wall clock is read once a second: it may be set, and has no fractions. */
  nowMs(): number {
    const now = performance.now();
    if (now >= this.#offsetUntilMs) {
      const offset = Date.now() - now;
      // Within a millisecond it is what it was: spans of one message must not overlap by the rounding of the wall clock.
      if (Math.abs(offset - this.#offsetMs) > 2) this.#offsetMs = offset;
      this.#offsetUntilMs = now + 1000;
    }
    return now + this.#offsetMs;
  }

  /** A child of `parent` that begins now. */
  start(start: Omit<SpanStart, 'context' | 'startMs' | 'parent'> & { readonly parent: SpanContext }): RecordedSpan {
    const { parent } = start;
    const context = sampledContext(parent.traceId, newSpanId(), parent);
    return new RecordedSpan(this, { ...start, context, startMs: this.nowMs() });
  }

  /** The attributes of the runtime under the limits. */
  limited(attributes: Attributes): Attributes {
    return this.limits.isLimited ? (cleanAttributes(attributes, this.limits.span).attributes ?? {}) : attributes;
  }

  ended(span: ReadableSpan): void {
    this.newest = span.spanContext().traceId;
    this.#processor.onEnd(span);
  }
}
