import { messageOf } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { MetricSources } from '../telemetry/metrics/producer.ts';
import { ProcessWatch } from '../telemetry/metrics/process-watch.ts';
import type { SpanCounts } from '../telemetry/tracing/span-counts.ts';
import { exportsOtlp, outagesIn } from '../telemetry/otlp-signal.ts';

/** The metrics of a process that something reads. */
export interface Metering {
  /** In the Prometheus text format. */
  text(): Promise<string>;
  /** Exports the last numbers. Never rejects. */
  close(): Promise<void>;
}

export interface MeteringSettings extends Omit<MetricSources, 'process'> {
  readonly log: Log;
  readonly spans: () => SpanCounts | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

/** Whether anything reads metrics: otherwise messages are not measured. */
export function isMetered(admin: object | undefined, environment: NodeJS.ProcessEnv): boolean {
  return admin !== undefined || exportsOtlp('METRICS', environment);
}

/** To be called where `isMetered`. Loads the SDK for an exporter now, and for /metrics when it is first asked for: its import is slow. */
export async function startMetering({ log, environment, spans, ...sources }: MeteringSettings): Promise<Metering> {
  const watch = new ProcessWatch();
  const all: MetricSources = { ...sources, process: () => watch.numbers(spans()) };
  const outages = outagesIn(log, 'metrics', 'the next export has their sums, messages are not affected');
  const otlp = exportsOtlp('METRICS', environment)
    ? (await import('../telemetry/metrics/otlp.ts')).startMetricExport(sources.pipeline, all, outages)
    : undefined;
  let writer: Promise<() => string> | undefined;
  return {
    async text() {
      writer ??= import('../telemetry/metrics/prometheus.ts').then(({ prometheusWriter }) =>
        prometheusWriter(sources.pipeline, all),
      );
      return (await writer)();
    },
    async close() {
      watch.close();
      await otlp?.close().catch((thrown: unknown) => log.warn('metrics-unsent', { text: messageOf(thrown) }));
    },
  };
}
