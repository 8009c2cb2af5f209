import { rabbitMqEnvironment } from '../../runtime/infra/rabbitmq-environment.ts';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerTls } from './nats.ts';
import { pathOf } from './provide.ts';
import { codePath, type RabbitMqPlugin } from './rabbitmq-code-path.ts';

const run = promisify(execFile);
const CTL_MS = 60_000;

export interface RabbitMqOptions {
  /** Given: a listener with TLS. Where a CA is named clients must show a certificate, and its CN may be their user (EXTERNAL). */
  readonly tls?: ServerTls;
  /** Besides guest; each may do everything in the virtual host `/`. */
  readonly users?: Readonly<Record<string, string>>;
  /** With the management plugin. Makes the start some 2 s longer. */
  readonly management?: boolean;
  /** Further lines of rabbitmq.conf. */
  readonly config?: string;
}

export interface NodePorts {
  readonly amqp: number;
  readonly distribution: number;
  readonly names: number;
  readonly tls: number;
  readonly management: number;
}

function configuration({ tls, config, management }: RabbitMqOptions, ports: NodePorts): string {
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${ports.amqp}`,
    'log.console = true',
    'log.console.level = warning',
    'log.file = false',
    'disk_free_limit.absolute = 50MB',
    'vm_memory_high_watermark.absolute = 1GB',
    'collect_statistics_interval = 1000',
  ];
  if (management === true) {
    lines.push('management.tcp.ip = 127.0.0.1', `management.tcp.port = ${ports.management}`);
  }
  if (tls !== undefined) {
    lines.push(`listeners.ssl.1 = 127.0.0.1:${ports.tls}`);
    lines.push(`ssl_options.certfile = ${tls.cert}`, `ssl_options.keyfile = ${tls.key}`);
    if (tls.clientCa !== undefined) {
      lines.push(`ssl_options.cacertfile = ${tls.clientCa}`, 'ssl_options.verify = verify_peer');
      lines.push('ssl_options.fail_if_no_peer_cert = true', 'ssl_cert_login_from = common_name');
      lines.push('auth_mechanisms.1 = PLAIN', 'auth_mechanisms.2 = AMQPLAIN', 'auth_mechanisms.3 = EXTERNAL');
    }
  }
  return `${lines.join('\n')}\n${config ?? ''}\n`;
}

/** Writes the node's files; returns the environment in which both the node and rabbitmqctl run. */
export function prepareNode(
  server: string,
  options: RabbitMqOptions,
  folder: string,
  ports: NodePorts,
): NodeJS.ProcessEnv {
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('home'), { recursive: true });
  // Of its own, and readable by nobody else, or Erlang refuses it.
  const cookie = join(at('home'), '.erlang.cookie');
  if (!existsSync(cookie)) writeFileSync(cookie, `SLUICETEST${ports.amqp}`, { mode: 0o400 });
  const plugins: RabbitMqPlugin[] = options.management === true ? ['rabbitmq_management'] : [];
  if (options.tls?.clientCa !== undefined) plugins.push('rabbitmq_auth_mechanism_ssl');
  writeFileSync(at('enabled_plugins'), `[${plugins.join(',')}].\n`);
  writeFileSync(at('rabbitmq.conf'), configuration(options, ports));
  const code = codePath(server, folder, plugins);
  return {
    ...code.env,
    ...rabbitMqEnvironment({
      folder,
      name: `sluice${ports.amqp}@localhost`,
      amqpPort: ports.amqp,
      distributionPort: ports.distribution,
      namesPort: ports.names,
      erlang: `+S 2:2 ${code.args}`,
    }),
    RABBITMQ_CTL_DIST_PORT_MIN: '0',
    RABBITMQ_CTL_DIST_PORT_MAX: '0',
  };
}

/** Runs rabbitmqctl in the node's environment. */
export async function rabbitMqCtl(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<string> {
  // Beside the server: the one in /usr/sbin is the wrapper again.
  const binary = join(dirname(await pathOf('rabbitmq-server')), 'rabbitmqctl');
  const { stdout } = await run(binary, ['--quiet', ...args], { env, timeout: CTL_MS });
  return stdout.trim();
}
