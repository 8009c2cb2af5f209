import { getNumberFromEnv } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { type ExportReports, lastExport, reportsOf } from '../export-reports.ts';
import { resourceOf } from '../tracing/resource.ts';
import { type MetricSources, NumbersProducer } from './producer.ts';

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 30_000;
/** A timer of Node that is longer runs at once, again and again. */
const LONGEST_MS = 2 ** 31 - 1;

export interface MetricExport {
  /** Exports the last numbers. Rejects when the collector has not taken them within the deadline: a stop does not wait longer. */
  close(): Promise<void>;
}

/**
 * Exports metrics by OTLP over HTTP in protobuf. Endpoint, headers, certificates, compression and timeout come from the
 * OTEL_EXPORTER_OTLP_ variables, which the exporter reads itself. One export is in flight, and nothing is kept for later: the sums of
 * the next one hold what a failed one had.
 */
export function startMetricExport(service: string, sources: MetricSources, reports: ExportReports): MetricExport {
  const interval = positive(getNumberFromEnv('OTEL_METRIC_EXPORT_INTERVAL'), INTERVAL_MS);
  const timeout = positive(getNumberFromEnv('OTEL_METRIC_EXPORT_TIMEOUT'), TIMEOUT_MS);
  const reader = new PeriodicExportingMetricReader({
    exporter: reported(new OTLPMetricExporter(), reports),
    metricProducers: [new NumbersProducer(sources)],
    exportIntervalMillis: interval,
    exportTimeoutMillis: Math.min(timeout, interval),
  });
  const provider = new MeterProvider({ resource: resourceOf(service), readers: [reader] });
  return {
    close: () => lastExport(provider.shutdown(), 'metrics'),
  };
}

function positive(given: number | undefined, usual: number): number {
  return given !== undefined && given >= 1 && given <= LONGEST_MS ? given : usual;
}

/** The same exporter, whose failures are told once an outage. */
function reported(exporter: OTLPMetricExporter, reports: ExportReports): PushMetricExporter {
  const silently = reportsOf(reports);
  return {
    export: (metrics: ResourceMetrics, done) => exporter.export(metrics, silently(done)),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
    selectAggregation: (type) => exporter.selectAggregation(type),
    // A producer's sums are always those since the start.
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
  };
}
