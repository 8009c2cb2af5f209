import { isAbsolute, join, resolve } from 'node:path';
import type { Log } from '#contract/log.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { spoolFile } from '../host/route-spool.ts';
import { realPath } from './state-folder.ts';

/**
 * The pipeline with its spools in absolute folders: a path of the file is resolved from `home`, the folder of the project
 * or of the bundle. A spool that an earlier version left in the current folder is logged: its messages are settled at the
 * source.
 */
export function withSpoolFolders(home: string, spec: PipelineSpec, log: Log): PipelineSpec {
  const routes = spec.routes.map((route) => {
    const { name, spool } = route;
    if (spool?.at === undefined || isAbsolute(spool.at)) return route;
    const at = join(home, spool.at);
    const older = realPath(resolve(spoolFile(spool.at, spec.name, name)));
    if (older !== undefined && older !== realPath(spoolFile(at, spec.name, name))) {
      const text = `${older} is the spool of an earlier run and is not used: stop the pipeline, and move it and the files whose names begin with its own to ${at}`;
      log.warn('state-elsewhere', { route: name, folder: resolve(spool.at), text });
    }
    return { ...route, spool: { ...spool, at } };
  });
  return { ...spec, routes };
}
