import { SpanKind } from '@opentelemetry/api';
import type { Delivery } from '#contract/delivery.ts';
import type { Trace, Tracer } from '#contract/trace.ts';
import { finish } from './failed-span.ts';
import { newSpanId, newTraceId } from './ids.ts';
import { MessageTrace } from './message-trace.ts';
import { NAMES } from '../attribute-names.ts';
import { processSpan } from './process-span.ts';
import { RecordedSpan } from './recorded-span.ts';
import type { Recorder } from './recorder.ts';
import type { Sampling } from './sampling.ts';
import { carriedContext, isSampled, sampledContext } from './trace-context.ts';
import type { TracedRoute } from './traced-route.ts';
import { type Failed, type MakesSpans, type Unseen, UnsampledTrace } from './unsampled-trace.ts';

const NO_SPANS: MakesSpans = { failed() {} };

/** Most links of one span; the others are counted. */
const MOST_LINKS = 128;

/** What makes the spans of all routes. */
export interface SpanMaker {
  readonly recorder: Recorder;
  readonly sampling: Sampling;
}

export function routeTracer(maker: SpanMaker, route: TracedRoute): Tracer {
  const { recorder, sampling } = maker;
  let contextsRejected = 0;
  const spans: MakesSpans = { failed: (...how) => failedSpan(maker, route, ...how) };
  return {
    get contextsRejected() {
      return contextsRejected;
    },
    begin(delivery, receivedAtMs) {
      const read = route.trust === 'ignore' ? 'none' : carriedContext(delivery.frame.headers);
      if (read === 'rejected') contextsRejected += 1;
      const carried = typeof read === 'string' ? undefined : read;
      // A replayed letter begins a trace of its own, linked to the one in which it failed.
      const parent = delivery.replay === undefined && route.trust === 'trust' ? carried : undefined;
      const traceId = parent?.traceId ?? newTraceId();
      if (!sampling.samples(traceId, parent && isSampled(parent))) {
        return new UnsampledTrace(traceId, { delivery, receivedAtMs, carried, parent }, spans);
      }
      const { template, ...start } = processSpan(route, delivery, carried);
      const context = sampledContext(traceId, newSpanId(), parent);
      const span = new RecordedSpan(recorder, { ...start, context, parent, startMs: recorder.nowMs() });
      const spooledMs = delivery.arrivedAtMs === undefined ? 0 : Date.now() - delivery.arrivedAtMs;
      return new MessageTrace(recorder, route, span, template, spooledMs);
    },
    join: (joined, of) => joinedTrace(maker, route, joined, of),
  };
}

/** The span of a message that was not sampled and failed, as if it had been made at its beginning. */
function failedSpan(
  { recorder }: SpanMaker,
  route: TracedRoute,
  { delivery, carried, parent, receivedAtMs }: Unseen,
  own: { readonly traceId: string; readonly spanId: string },
  { outcome, failure, attempts, letter, label }: Failed,
): void {
  const { template: _, ...start } = processSpan(route, delivery, carried);
  const context = sampledContext(own.traceId, own.spanId, parent);
  const span = new RecordedSpan(recorder, { ...start, context, parent, startMs: receivedAtMs });
  span.put(NAMES.outcome, outcome);
  span.put(NAMES.attempts, attempts);
  span.put(NAMES.sampledReason, 'outcome');
  if (label !== undefined) span.put(NAMES.label, label);
  if (letter !== undefined) span.put(NAMES.letter, letter);
  finish(span, failure);
}

/** A root, for no one of the messages is its cause; linked to each. */
function joinedTrace({ recorder }: SpanMaker, route: TracedRoute, joined: Delivery, of: readonly Trace[]): Trace {
  const traceId = newTraceId();
  const sampled = of.filter((one) => one instanceof MessageTrace);
  if (sampled.length === 0) return new UnsampledTrace(traceId, undefined, NO_SPANS);
  const template = route.source.templateOf(joined.frame.address);
  const links = sampled.slice(0, MOST_LINKS).map(({ span }) => ({ context: span.spanContext() }));
  const attributes = { [NAMES.pipeline]: route.pipeline, [NAMES.route]: route.route, [NAMES.joined]: of.length };
  const span = new RecordedSpan(recorder, {
    name: `aggregate ${route.route}`,
    kind: SpanKind.INTERNAL,
    context: sampledContext(traceId, newSpanId(), undefined),
    parent: undefined,
    attributes,
    links,
    startMs: recorder.nowMs(),
  });
  if (sampled.length > MOST_LINKS) span.put(NAMES.linksLeftOut, sampled.length - MOST_LINKS);
  return new MessageTrace(recorder, route, span, template, 0);
}
