import type { ParseArgsOptionsConfig } from 'node:util';
import type { Log } from '#contract/log.ts';
import type { RunSettings } from '../host/pipeline.ts';
import { ADMIN_HELP, ADMIN_OPTIONS, adminChoice } from './admin-options.ts';
import { type Arguments, UsageError } from './command.ts';
import { durationOption } from './duration-option.ts';
import { standardState } from './state-folder.ts';

/** Options of everything that runs a pipeline. */
export const RUN_OPTIONS = {
  ...ADMIN_OPTIONS,
  state: { type: 'string' },
  'shutdown-timeout': { type: 'string' },
  drain: { type: 'string' },
  'fail-fast': { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

export const RUN_HELP = {
  ...ADMIN_HELP,
  '--state DIR': 'folder of what must outlive the process (default .sluice/NAME beside the project or the bundle)',
  '--shutdown-timeout DURATION': 'how long a stop waits for messages in flight (default 10s)',
  '--fail-fast': 'end with exit code 3 when a bus cannot be reached at the start',
} as const;

type Chosen = Pick<RunSettings, 'admin' | 'stateFolder' | 'drainMs' | 'failFast'>;

/** `home`: the folder of the pipeline's project, or of its bundle. Throws UsageError. */
export function runOptions({ values }: Arguments, home: string, pipeline: string): Chosen {
  const { state } = values;
  return {
    admin: adminChoice(values),
    stateFolder: typeof state === 'string' ? state : standardState(home, pipeline),
    drainMs: shutdownTimeoutMs(values),
    failFast: values['fail-fast'] === true,
  };
}

/** `--drain` is the older name: in the pipeline file `drain` is a rate. */
function shutdownTimeoutMs({ 'shutdown-timeout': timeout, drain }: Arguments['values']): number {
  if (timeout !== undefined && drain !== undefined) {
    throw new UsageError('expected --shutdown-timeout alone, found --drain, its older name, beside it');
  }
  const option = drain === undefined ? '--shutdown-timeout' : '--drain';
  const given = drain ?? timeout;
  return durationOption(option, typeof given === 'string' ? given : '10s', '10s');
}

/** Logs the older name of an option where it was used. */
export function warnOfOlderOptions(log: Log, { values: { drain } }: Arguments): void {
  if (typeof drain !== 'string') return;
  const text = `--drain is the older name of --shutdown-timeout: write --shutdown-timeout ${drain}`;
  log.warn('option-renamed', { option: '--drain', text });
}
