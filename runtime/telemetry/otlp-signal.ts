import type { Log } from '#contract/log.ts';
import type { ExportReports } from './export-reports.ts';

type Signal = 'TRACES' | 'METRICS' | 'LOGS';

/** One line for an outage of the collector and one for its end. `effect`: what it means, behind the cause. */
export function outagesIn(log: Log, signal: Lowercase<Signal>, effect: string): ExportReports {
  return {
    onTrouble: (text) => log.warn(`${signal}-unsent`, { text: `${text}; ${effect}` }),
    onRecovered: () => log.info(`${signal}-sent`),
  };
}

/**
 * Whether a signal is exported by OTLP, by the variables of the OpenTelemetry specification. Traces and metrics are where an endpoint
 * is set for them. Logs are only where OTEL_LOGS_EXPORTER says so: most collectors read standard error already, and would have each
 * line twice.
 */
export function exportsOtlp(signal: Signal, environment: NodeJS.ProcessEnv): boolean {
  if (environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  const endpoint = environment['OTEL_EXPORTER_OTLP_ENDPOINT'] || environment[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
  const usual = signal === 'LOGS' ? 'none' : 'otlp';
  const exporters = (environment[`OTEL_${signal}_EXPORTER`]?.trim() || usual).split(',').map((name) => name.trim());
  return exporters.includes('otlp') && (signal === 'LOGS' || (endpoint ?? '') !== '');
}
