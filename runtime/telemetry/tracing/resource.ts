import { hostname } from 'node:os';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { VERSION } from '#contract/version.ts';

/**
 * What all telemetry of the process says of it: the pipeline is its service. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
 * over that.
 */
export function resourceOf(service: string): Resource {
  const own = resourceFromAttributes({
    'service.name': service,
    'service.version': VERSION,
    'service.instance.id': `${hostname()}-${process.pid}`,
    'host.name': hostname(),
    'process.pid': process.pid,
  });
  return defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }));
}
