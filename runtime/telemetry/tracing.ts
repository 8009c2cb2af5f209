import {
  type Context,
  diag,
  type DiagLogger,
  DiagLogLevel,
  ROOT_CONTEXT,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Delivery, Replayed } from '#contract/delivery.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Frame, Headers } from '#contract/frame.ts';
import type { Trace, Tracer } from '#contract/trace.ts';
import { withDeadline } from '#kit/deadline.ts';
import { NAMES } from './names.ts';
import { samplerFrom } from './sampler.ts';

/** The route that a tracer belongs to. */
export interface TracedRoute {
  readonly pipeline: string;
  readonly route: string;
  /** Names of the bus kinds, for `messaging.system`. */
  readonly sourceSystem: string;
  readonly sinkSystem: string;
}

/** Enabled tracing: spans are exported by OTLP over HTTP in protobuf. */
export interface Tracing {
  tracer(route: TracedRoute): Tracer;
  /** Exports waiting spans. Rejects when the collector has not taken them within the deadline: a stop does not wait longer. */
  close(): Promise<void>;
}

const CLOSE_MS = 2000;
const TROUBLE_MS = 60_000;

const propagator = new W3CTraceContextPropagator();

/**
 * Endpoint, headers and timeout come from the OTEL_EXPORTER_OTLP_ variables, which the exporter reads itself.
 * `onTrouble` receives unusable settings and failed exports, at most once a minute.
 */
export function startTracing(
  service: string,
  environment: NodeJS.ProcessEnv,
  onTrouble: (text: string) => void,
): Tracing {
  diag.setLogger(troubleLogger(onTrouble), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': environment['OTEL_SERVICE_NAME'] || service,
      'service.instance.id': `${process.pid}`,
    }),
    sampler: samplerFrom(environment),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter(),
        // The defaults drop three spans of four in a burst of 10,000.
        maxQueueSize: 16_384,
        maxExportBatchSize: 2048,
        scheduledDelayMillis: 1000,
      }),
    ],
  });
  const tracer = provider.getTracer('sluice');
  return {
    tracer: (route) => ({ begin: (delivery) => beginTrace(tracer, route, delivery) }),
    close: () =>
      withDeadline(
        provider.shutdown(),
        CLOSE_MS,
        () => new Error(`expected the collector to take the last spans within ${CLOSE_MS} ms, found it silent`),
      ),
  };
}

function troubleLogger(onTrouble: (text: string) => void): DiagLogger {
  let quietUntilMs = 0;
  const report = (text: string): void => {
    if (Date.now() < quietUntilMs) return;
    quietUntilMs = Date.now() + TROUBLE_MS;
    onTrouble(text);
  };
  return { error: report, warn: report, info() {}, debug() {}, verbose() {} };
}

function beginTrace(tracer: OtelTracer, route: TracedRoute, delivery: Delivery): Trace {
  const { frame } = delivery;
  const carried = carriedContext(frame.headers);
  // A replayed letter begins a trace of its own, linked to the one in which it failed.
  const parent = delivery.replay === undefined ? carried : ROOT_CONTEXT;
  const links = delivery.replay === undefined ? [] : linksTo(delivery.replay, carried);
  const attributes: Record<string, string | number> = {
    [NAMES.system]: route.sourceSystem,
    [NAMES.operationName]: 'process',
    [NAMES.operationType]: 'process',
    [NAMES.destination]: frame.address,
    [NAMES.messageId]: delivery.id,
    [NAMES.bodySize]: frame.body?.length ?? 0,
    [NAMES.pipeline]: route.pipeline,
    [NAMES.route]: route.route,
  };
  if (delivery.attempt !== undefined) attributes[NAMES.attempt] = delivery.attempt;
  if (delivery.replay !== undefined) attributes[NAMES.letter] = delivery.replay.letter;
  const span = tracer.startSpan(`process ${frame.address}`, { kind: SpanKind.CONSUMER, attributes, links }, parent);
  const within = trace.setSpan(ROOT_CONTEXT, span);
  const { traceId, spanId, traceFlags } = span.spanContext();
  const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
  return {
    traceId,
    spanId,
    stage(name) {
      // Without sampling no span is made.
      if (!isSampled) return () => {};
      const child = tracer.startSpan(`stage ${name}`, { attributes: { [NAMES.stage]: name } }, within);
      return (failure) => finish(child, failure);
    },
    send(outgoing) {
      const child = tracer.startSpan(
        `publish ${outgoing.address}`,
        { kind: SpanKind.PRODUCER, attributes: sendAttributes(route, outgoing) },
        within,
      );
      return { headers: withContext(child, outgoing.headers), end: (failure) => finish(child, failure) };
    },
    repeats(cause, earlier) {
      span.setAttribute(NAMES.repeatCause, cause);
      if (earlier !== undefined) span.setAttribute(NAMES.repeatOf, earlier);
    },
    end(outcome, failure) {
      span.setAttribute(NAMES.outcome, outcome);
      finish(span, failure);
    },
  };
}

function carriedContext(headers: Headers): Context {
  return propagator.extract(ROOT_CONTEXT, headers, {
    keys: (carried) => [...carried.keys()],
    get(carried, name) {
      // Two values count as none: the right one is unknown.
      const values = carried.get(name);
      return values?.length === 1 ? values[0] : undefined;
    },
  });
}

/** The span in which the letter failed; without one, the publisher's trace context. */
function linksTo({ traceId, spanId }: Replayed, carried: Context): Link[] {
  if (traceId !== undefined && spanId !== undefined) {
    return [{ context: { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true } }];
  }
  const context = trace.getSpanContext(carried);
  return context === undefined ? [] : [{ context }];
}

function sendAttributes(route: TracedRoute, frame: Frame): Record<string, string | number> {
  const attributes: Record<string, string | number> = {
    [NAMES.system]: route.sinkSystem,
    [NAMES.operationName]: 'publish',
    [NAMES.operationType]: 'send',
    [NAMES.destination]: frame.address,
    [NAMES.bodySize]: frame.body?.length ?? 0,
  };
  if (frame.id !== undefined) attributes[NAMES.messageId] = frame.id;
  return attributes;
}

function withContext(span: Span, headers: Headers): Headers {
  const carrier = new Map(headers);
  carrier.delete('traceparent');
  carrier.delete('tracestate');
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, {
    set: (map, name, value) => {
      map.set(name, [value]);
    },
  });
  return carrier;
}

function finish(span: Span, failure: SluiceError | undefined): void {
  if (failure !== undefined) {
    // The code alone: an error message may quote confidential data.
    span.setAttribute(NAMES.errorType, failure.code);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
