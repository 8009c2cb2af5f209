import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceOf } from '../tracing/resource.ts';
import { type MetricSources, NumbersProducer } from './producer.ts';

/**
 * Writes metrics in the Prometheus text format 0.0.4. The resource is in `target_info`. Series have no labels of the instrumentation
 * scope: all have the same one.
 */
export function prometheusWriter(service: string, sources: MetricSources): () => string {
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  const producer = new NumbersProducer(sources);
  const resource = resourceOf(service);
  return () => `${serializer.serialize({ resource, scopeMetrics: [producer.scope()] }).trimEnd()}\n`;
}
