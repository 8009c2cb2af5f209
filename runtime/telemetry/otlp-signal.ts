type Signal = 'TRACES' | 'METRICS' | 'LOGS';

/** Whether a signal is exported by OTLP: an endpoint for it is set, and the variables of the OpenTelemetry specification do not switch it off. */
export function exportsOtlp(signal: Signal, environment: NodeJS.ProcessEnv, usual: 'otlp' | 'none' = 'otlp'): boolean {
  const endpoint =
    environment['OTEL_EXPORTER_OTLP_ENDPOINT'] || environment[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] || '';
  if (endpoint === '' || environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  const exporters = environment[`OTEL_${signal}_EXPORTER`]?.trim() || usual;
  return exporters.split(',').some((name) => name.trim() === 'otlp');
}
