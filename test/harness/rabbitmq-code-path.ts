import { existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { onPath } from '../../runtime/infra/on-path.ts';

// A node looks each of its thousand modules up in one folder after the other, some sixty of them plugins that no test
// enables: 50,000 calls in vain, and half of the processor time of a start. So the folders with the most modules come
// first, and as plugins it sees no more than it may need.

/** With the most modules first. */
const FIRST = [
  'rabbit',
  'kernel',
  'stdlib',
  'ssl',
  'rabbit_common',
  'inets',
  'compiler',
  'ra',
  'xmerl',
  'mnesia',
  'cuttlefish',
  'rabbitmq_prelaunch',
  'ranch',
  'sasl',
  'tools',
  'osiris',
  'observer_cli',
  'public_key',
  'syslog',
  'jsx',
  'syntax_tools',
  'systemd',
  'os_mon',
  'aten',
  'recon',
  'sysmon_handler',
  'credentials_obfuscation',
  'stdout_formatter',
  'seshat',
  'amqp10_common',
  'crypto',
  'gen_batch_server',
];

/** What each plugin is made of. `rabbit` is among them for its schema. */
const PLUGINS = {
  rabbit: ['rabbit'],
  rabbitmq_management: [
    'rabbitmq_management',
    'rabbitmq_management_agent',
    'rabbitmq_web_dispatch',
    'amqp_client',
    'cowboy',
    'cowlib',
  ],
  rabbitmq_auth_mechanism_ssl: ['rabbitmq_auth_mechanism_ssl'],
} as const;

export type RabbitMqPlugin = keyof typeof PLUGINS;

/** The folders in `parent` whose names are applications of Erlang with their versions, by application. */
function applicationsIn(parent: string): ReadonlyMap<string, string> {
  const names = existsSync(parent) ? readdirSync(parent) : [];
  return new Map(names.map((name) => [name.replace(/-[\d.]+$/, ''), join(parent, name)]));
}

/**
 * Makes the folder of a node's plugins in its own one; answers variables and arguments for its start. None where the
 * installation is not as expected: then it starts as it would by itself.
 */
export function codePath(
  server: string,
  folder: string,
  enabled: readonly RabbitMqPlugin[],
): { readonly env: NodeJS.ProcessEnv; readonly args: string } {
  const erl = onPath('erl');
  const own = applicationsIn(resolve(realpathSync(server), '../../plugins'));
  const otp = applicationsIn(erl === undefined ? '' : resolve(realpathSync(erl), '../../lib'));
  const parts = (['rabbit', ...enabled] as const).flatMap((plugin) => PLUGINS[plugin]);
  if (!parts.every((part) => own.has(part))) return { env: {}, args: '' };
  const plugins = join(folder, 'plugins');
  mkdirSync(plugins, { recursive: true });
  for (const part of parts) {
    const link = join(plugins, part);
    if (!existsSync(link)) symlinkSync(own.get(part) ?? '', link);
  }
  const first = FIRST.flatMap((name) => own.get(name) ?? otp.get(name) ?? []).map((found) => join(found, 'ebin'));
  // Each is put before those that were named earlier.
  return { env: { RABBITMQ_PLUGINS_DIR: plugins }, args: `-pa ${first.toReversed().join(' ')}` };
}
