import { diag, type DiagLogger, DiagLogLevel, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Tracer } from '#contract/trace.ts';
import { type ExportReports, lastExport } from '../export-reports.ts';
import { keepActiveContext } from './active-context.ts';
import { DroppedSpans } from './dropped-spans.ts';
import { type Count, countIn, sizeIn, spanLimits } from './limits.ts';
import { Recorder } from './recorder.ts';
import { ReportedExporter } from './reported-exporter.ts';
import { resourceOf } from './resource.ts';
import { routeTracer } from './route-tracer.ts';
import { propagates } from './propagators.ts';
import { samplerFrom, samplingOf } from './sampling.ts';
import type { SpanCounts } from './span-counts.ts';
import type { TracedRoute } from './traced-route.ts';

/** Enabled tracing: spans are exported by OTLP over HTTP in protobuf. */
export interface Tracing {
  tracer(route: TracedRoute): Tracer;
  counts(): SpanCounts;
  /** The trace of the span that ended last, 32 hex digits; undefined before the first one. */
  newest(): string | undefined;
  /** Exports waiting spans. Rejects when the collector has not taken them within the deadline: a stop does not wait longer. */
  close(): Promise<void>;
}

const PROTOCOL = 'http/protobuf';
/** A stop exports all that waits at once. */
const MOST_EXPORTS = 1000;
const TROUBLE_MS = 60_000;

/**
 * Endpoint, headers, certificates, compression and timeout come from the OTEL_EXPORTER_OTLP_ variables, which the exporter reads
 * itself, those of the resource from the SDK's reader. `onTrouble` receives unusable settings and what the SDK has to say, at most once
 * a minute, `reports` the outages of the collector.
 */
export function startTracing(
  service: string,
  environment: NodeJS.ProcessEnv,
  onTrouble: (text: string) => void,
  reports: ExportReports,
): Tracing {
  diag.setLogger(troubleLogger(onTrouble), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const count = countIn(environment, onTrouble);
  reportProtocol(environment, onTrouble);
  const dropped = new DroppedSpans();
  const exporter = new ReportedExporter(new OTLPTraceExporter({ concurrencyLimit: MOST_EXPORTS }), reports);
  const options = {
    exporter,
    selfObsMeterProvider: dropped.meterProvider,
    ...batching(count, sizeIn(count, onTrouble)),
  };
  const processor = new BatchSpanProcessor(options);
  const resource = resourceOf(service);
  const limits = spanLimits(count);
  const sampler = samplerFrom(environment, onTrouble);
  const ofFunctions = { resource, spanLimits: limits, spanProcessors: [processor], sampler: sampler.whole };
  const provider = new TracerProvider(ofFunctions);
  const release = registered(provider);
  const maker = { recorder: new Recorder(resource, processor, limits), sampling: samplingOf(sampler) };
  const isOn = propagates(environment, onTrouble);
  return {
    tracer: (route) => routeTracer(maker, isOn ? route : { ...route, trust: 'ignore' }),
    counts: () => ({ exported: exporter.exported, dropped: dropped.count, failed: exporter.failed }),
    newest: () => maker.recorder.newest,
    close() {
      release();
      return lastExport(provider.shutdown(), 'spans');
    },
  };
}

/** Makes it the provider of the spans that functions and their libraries make, unless the process has one. The function returned undoes it. */
function registered(provider: TracerProvider): () => void {
  const release = keepActiveContext();
  const isOurs = trace.setGlobalTracerProvider(provider);
  return () => {
    if (isOurs) trace.disable();
    release();
  };
}

/**
 * The SDK's own queue drops three spans of four in a burst of 10,000. Small batches: what waits long is moved in memory, and costs more.
 */
function batching(
  count: Count,
  size: Count,
): {
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
} {
  return {
    maxQueueSize: size('OTEL_BSP_MAX_QUEUE_SIZE') ?? 16_384,
    maxExportBatchSize: size('OTEL_BSP_MAX_EXPORT_BATCH_SIZE') ?? 256,
    scheduledDelayMillis: count('OTEL_BSP_SCHEDULE_DELAY') ?? 1000,
    exportTimeoutMillis: size('OTEL_BSP_EXPORT_TIMEOUT') ?? 30_000,
  };
}

/** Whoever names another one has most likely given the port of it too: 4317 for gRPC. */
function reportProtocol(environment: NodeJS.ProcessEnv, onTrouble: (text: string) => void): void {
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const protocol = environment[name]?.trim() || PROTOCOL;
    if (protocol === PROTOCOL) continue;
    onTrouble(
      `expected ${name} to be ${PROTOCOL}, found ${protocol}: ${PROTOCOL} is used, which collectors take at port 4318`,
    );
  }
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
