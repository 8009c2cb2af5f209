import type { Catalog } from '#contract/catalog.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { destinationsOf } from '../telemetry/tracing/destinations.ts';
import type { TracedRoute } from '../telemetry/tracing/traced-route.ts';
import { busOf } from './catalog-of.ts';
import { endOptions } from './end-options.ts';

/** What the spans of a route say of its ends. */
export function tracedRoute(
  catalog: Catalog,
  pipeline: PipelineSpec,
  route: RouteSpec,
  environment: NodeJS.ProcessEnv,
): TracedRoute {
  const { from, sinks, name, stages } = route;
  const { spans, grammar } = busOf(catalog, from.bus);
  const place = { pipeline: pipeline.name, route: name };
  const options = endOptions(pipeline, from);
  return {
    ...place,
    // The high side of a guard must not be what its trace is part of.
    trust: from.traceContext ?? (stages.some(({ kind }) => kind.seals === true) ? 'link' : 'trust'),
    showsKeys: environment['SLUICE_TRACE_KEYS'] === 'true',
    hasPlainIds: from.id === undefined,
    source: {
      system: spans.system,
      settle: spans.settle,
      coordinates: (id) => spans.coordinates?.(id) ?? {},
      name: from.connection,
      group: spans.group?.(options, place),
      templateOf: destinationsOf(spans.destinations(options, place), grammar),
    },
    sinks: sinks.map(({ bus, connection, address }) => {
      const { system, send } = busOf(catalog, bus).spans;
      return { system, send, name: connection, template: address, spanName: `${send} ${address}` };
    }),
  };
}
