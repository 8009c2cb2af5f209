import type { PipelineOutline, RouteOutline } from '../admin/status/pipeline-outline.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';

/** Options by which buses name what is read; none of them is a secret. */
const ADDRESS_OPTIONS = ['topics', 'topic', 'subjects', 'subject', 'stream', 'queue', 'addresses', 'address'];

/** The pipeline as its page draws it. */
export function pipelineOutlineOf({ name, routes }: PipelineSpec, only?: ReadonlySet<string>): PipelineOutline {
  return { name, routes: routes.filter((route) => only?.has(route.name) ?? true).map(routeOutline) };
}

function routeOutline({ name, class: traffic, from, stages, sinks }: RouteSpec): RouteOutline {
  return {
    name,
    class: traffic,
    source: { connection: from.connection, bus: from.bus, address: addressIn(from.options) },
    stages: stages.map(({ verb, name: own, kind }) => ({ name: `${verb} ${own}`, changesBody: kind.changesBody })),
    sinks: sinks.map(({ connection, bus, address, options }) => ({
      connection,
      bus,
      address: address === '' ? addressIn(options) : address,
    })),
    expiresMs: from.expiresMs,
  };
}

function addressIn(options: Readonly<Record<string, unknown>>): string {
  const named = ADDRESS_OPTIONS.flatMap((option) => {
    const value = options[option];
    return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
  });
  return named.join(', ');
}
