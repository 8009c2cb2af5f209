import type { Catalog } from '#contract/catalog.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { readLogLevels } from '../telemetry/log-levels.ts';
import { UsageError } from './command.ts';
import type { LogSettings } from './process-log.ts';

/** The levels of `SLUICE_LOG` for a pipeline. Throws UsageError. */
export function logSettings(spec: PipelineSpec, { buses }: Catalog, environment: NodeJS.ProcessEnv): LogSettings {
  const connections = new Map<string, string>();
  for (const { from, sinks, deadLetter } of spec.routes) {
    for (const end of [from, ...sinks, ...(deadLetter.to === undefined ? [] : [deadLetter.to])]) {
      connections.set(end.connection, end.bus);
    }
  }
  const routes = spec.routes.map(({ name }) => name);
  const levels = readLogLevels(environment['SLUICE_LOG'] ?? '', { kinds: [...buses.keys()], connections, routes });
  if ('problem' in levels) throw new UsageError(`SLUICE_LOG: ${levels.problem}`);
  return { levels, fields: { pipeline: spec.name } };
}
