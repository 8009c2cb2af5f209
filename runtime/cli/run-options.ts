import type { ParseArgsOptionsConfig } from 'node:util';
import type { RunSettings } from '../host/pipeline.ts';
import { type Arguments, UsageError } from './command.ts';
import { durationOption } from './duration-option.ts';
import { standardState } from './state-place.ts';

/** Options of everything that runs a pipeline. */
export const RUN_OPTIONS = {
  admin: { type: 'string' },
  state: { type: 'string' },
  drain: { type: 'string' },
  'fail-fast': { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

export const RUN_HELP = {
  '--admin HOST:PORT': 'serve /livez, /readyz and /metrics there',
  '--state DIR': 'folder of what must outlive the process (default .sluice/NAME beside the project or the bundle)',
  '--drain DURATION': 'how long a stop waits for what is in flight (default 10s)',
  '--fail-fast': 'end with exit code 3 when a bus cannot be reached at the start',
} as const;

type Chosen = Pick<RunSettings, 'admin' | 'stateFolder' | 'drainMs' | 'failFast'>;

/** `home`: the folder of the pipeline's project, or of its bundle. Throws UsageError. */
export function runOptions({ values }: Arguments, home: string, pipeline: string): Chosen {
  const { admin, state, drain } = values;
  return {
    admin: typeof admin === 'string' ? hostAndPort(admin) : undefined,
    stateFolder: typeof state === 'string' ? state : standardState(home, pipeline),
    drainMs: durationOption('--drain', typeof drain === 'string' ? drain : '10s', '10s'),
    failFast: values['fail-fast'] === true,
  };
}

function hostAndPort(text: string): { host: string; port: number } {
  const found = /^(?:(?<host>[^:]+|\[[^\]]+\]):)?(?<port>\d{1,5})$/.exec(text)?.groups;
  const port = Number(found?.['port'] ?? 65_536);
  if (port > 65_535) throw new UsageError(`expected --admin HOST:PORT (127.0.0.1:9464), found ${text}`);
  // Probes and metrics are nobody's business unless the operator says so.
  return { host: found?.['host']?.replaceAll(/[[\]]/g, '') ?? '127.0.0.1', port };
}
