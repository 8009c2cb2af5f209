import type { Catalog } from '#contract/catalog.ts';
import { didYouMean } from '#kit/nearest.ts';
import { logReplayOf, type ReplayedRoute } from '../host/replay/survey.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { UsageError } from './command.ts';

/** The route to replay: the named one, or the only one whose source can be read again. Throws UsageError. */
export async function replayedRoute(spec: PipelineSpec, catalog: Catalog, named: unknown): Promise<ReplayedRoute> {
  const names = spec.routes.map(({ name }) => name);
  if (typeof named === 'string' && !names.includes(named)) {
    throw new UsageError(`expected --route with one of ${names.join(', ')}, found ${named}${didYouMean(named, names)}`);
  }
  const routes = spec.routes.filter(({ name }) => typeof named !== 'string' || name === named);
  const found = await Promise.all(routes.map(async (route) => ({ route, replay: await logReplayOf(catalog, route) })));
  const able = found.flatMap(({ route, replay }) =>
    typeof replay === 'string' ? [] : [{ spec, route, catalog, replay }],
  );
  const [one, another] = able;
  if (one === undefined) {
    const reasons = found.map(({ route, replay }) => `${route.name}: ${typeof replay === 'string' ? replay : ''}`);
    throw new UsageError(
      `expected a route that reads a log (JetStream, Kafka, RabbitMQ stream), found ${reasons.join('; ')}`,
    );
  }
  if (another !== undefined) {
    throw new UsageError(`expected --route with one of ${able.map(({ route }) => route.name).join(', ')}, found none`);
  }
  return one;
}
