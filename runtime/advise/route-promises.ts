import type { Catalog } from '#contract/catalog.ts';
import { busOf } from '../host/catalog-of.ts';
import { endOptions } from '../host/end-options.ts';
import { checkPipeline } from '../project/check/check-pipeline.ts';
import { findingsText } from '../project/check/findings-text.ts';
import { explainRoute, type RouteExplanation } from '../project/explain/explain-route.ts';

/** What each route of an advised pipeline promises, by its name. Throws where the pipeline does not pass the check. */
export function promisesOf(text: string, catalog: Catalog): ReadonlyMap<string, RouteExplanation> {
  const { spec, findings } = checkPipeline({
    text,
    file: 'advised.yaml',
    catalog,
    project: { functions: [], schemas: [] },
    environment: {},
    readFile: () => '',
    mode: 'check',
  });
  if (spec === undefined) throw new Error(`the advised pipeline does not pass the check:\n${findingsText(findings)}`);
  const routes = spec.routes.map((route) => {
    const source = busOf(catalog, route.from.bus).sourceGuarantees(endOptions(spec, route.from));
    const sinks = route.sinks.map((to) => busOf(catalog, to.bus).sinkGuarantees(endOptions(spec, to)));
    return [route.name, explainRoute(route, source, sinks)] as const;
  });
  return new Map(routes);
}
