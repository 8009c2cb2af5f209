import type { AccessPlace } from '#contract/access.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { AddressPattern } from '#contract/reach.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { sinkName } from '../engine/sink-name.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { patternOfTemplate } from '../template/template-pattern.ts';
import { busOf } from './catalog-of.ts';
import { endOptions } from './end-options.ts';

/** One end of a route: its part of the pipeline file, and what its broker sees of it. */
export interface RouteEnd {
  /** Name of the route; `place.route` is another one for each further sink of a list. */
  readonly route: string;
  readonly end: {
    readonly connection: string;
    readonly bus: string;
    readonly options: Readonly<Record<string, unknown>>;
  };
  readonly what: 'source' | 'sink' | 'dead letters';
  readonly place: AccessPlace;
}

/** Source, sinks and dead letters of a route. */
export function routeEnds(pipeline: PipelineSpec, route: RouteSpec, catalog: Catalog): readonly RouteEnd[] {
  const { from, sinks, deadLetter } = route;
  const { oneAtATime } = CLASSES[route.class];
  const place = (
    direction: AccessPlace['direction'],
    addresses: readonly AddressPattern[],
    name = route.name,
  ): AccessPlace => ({
    pipeline: pipeline.name,
    route: name,
    direction,
    isFenced: oneAtATime && direction !== 'dead-letters',
    addresses,
  });
  const letters = deadLetter.to;
  const { name } = route;
  return [
    { route: name, end: from, what: 'source', place: place('source', []) },
    ...sinks.map((to, at): RouteEnd => ({
      route: name,
      end: to,
      what: 'sink',
      place: place('sink', addressesOf(pipeline, route, to, catalog), sinkName(route.name, at)),
    })),
    ...(letters === undefined
      ? []
      : [
          {
            route: name,
            end: letters,
            what: 'dead letters',
            place: place('dead-letters', addressesOf(pipeline, route, letters, catalog)),
          } as const,
        ]),
  ];
}

/** The addresses that a sink's template can make of what the source reads. */
function addressesOf(
  pipeline: PipelineSpec,
  route: RouteSpec,
  to: { readonly bus: string; readonly address: string },
  catalog: Catalog,
): readonly AddressPattern[] {
  const source = busOf(catalog, route.from.bus);
  const target = busOf(catalog, to.bus).grammar;
  const reaches = source.reads(endOptions(pipeline, route.from), { pipeline: pipeline.name, route: route.name });
  return reaches.flatMap((reach) => {
    const addresses = reach.addresses ?? reach.filter;
    const made = patternOfTemplate(to.address, { route: route.name, source: source.grammar, target, addresses });
    return made === undefined ? [] : [made];
  });
}
