import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import type { Headers } from '#contract/frame.ts';

/** What the headers of a message say of a trace: a span context, nothing, or what does not count. */
export type CarriedContext = SpanContext | 'none' | 'rejected';

/**
 * Reads `traceparent` and `tracestate` (W3C Trace Context, level 1). An invalid one, and one that is there twice, does not count: the
 * right one is unknown.
 */
export function carriedContext(headers: Headers): CarriedContext {
  const given = headers.get('traceparent');
  if (given === undefined) return 'none';
  const context = given.length === 1 ? parseTraceParent(given[0] ?? '') : null;
  if (context === null) return 'rejected';
  context.isRemote = true;
  const states = headers.get('tracestate');
  // Several headers of that name are one list (RFC 9110, 5.3).
  if (states !== undefined) context.traceState = createTraceState(states.join(','));
  return context;
}

/** Of a sampled span in this trace. `parent`: whose trace state it goes on with. */
export function sampledContext(traceId: string, spanId: string, parent: SpanContext | undefined): SpanContext {
  const context: SpanContext = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  if (parent?.traceState !== undefined) context.traceState = parent.traceState;
  return context;
}

export function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** The `traceparent` of a span. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
}

/** The headers with the context of this span in place of any other. */
export function withContext(context: SpanContext, headers: Headers): Headers {
  const left = new Map(headers);
  left.set('traceparent', [traceparentOf(context)]);
  const state = context.traceState?.serialize() ?? '';
  if (state === '') left.delete('tracestate');
  else left.set('tracestate', [state]);
  return left;
}
