import type { PipelineSpec, RouteSpec } from './config/pipeline-spec.ts';

/** What a driver is asked with: the options of the connection that an end names, and the end's own. */
export function endOptions(pipeline: PipelineSpec, end: RouteSpec['from'] | RouteSpec['to']): never {
  const options = { connection: pipeline.connections.get(end.connection)?.options, end: end.options };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checker judged them against this very driver's schemas
  return options as never;
}
