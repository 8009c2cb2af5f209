import { basename, join } from 'node:path';
import type { PipelineSpec } from '../project/pipeline-spec.ts';

/** Spools and audit files with a folder of their own are in the temporary one too: a rehearsal leaves nothing behind. */
export function withOwnFiles(spec: PipelineSpec): PipelineSpec {
  const routes = spec.routes.map((route) => {
    return route.spool === undefined ? route : { ...route, spool: { ...route.spool, at: undefined } };
  });
  const guards = new Map(
    [...spec.guards].map(([name, guard]) => [name, { ...guard, audit: join('audit', name, basename(guard.audit)) }]),
  );
  return { ...spec, routes, guards };
}
