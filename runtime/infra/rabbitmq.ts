import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rabbitMqReady } from './rabbitmq-probe.ts';
import type { InfraServer } from './infra-server.ts';

/** One RabbitMQ node with its management page. Erlang's name server is a process of its own, which the node would start and leave behind. */
export const rabbitmq: InfraServer = {
  tools: ['rabbitmq-server', 'epmd'],
  ports: { rabbitmq: 5672, 'rabbitmq-management': 15_672, 'rabbitmq-distribution': 25_672, 'rabbitmq-names': 24_369 },
  companion({ ports, tools }) {
    return {
      binary: tools.get('epmd') ?? '',
      args: ['-port', String(ports['rabbitmq-names']), '-address', '127.0.0.1'],
    };
  },
  command({ folder, ports, tools }) {
    const at = (name: string): string => join(folder, name);
    mkdirSync(at('home'), { recursive: true });
    writeFileSync(at('enabled_plugins'), '[rabbitmq_management].\n');
    const lines = [
      `listeners.tcp.1 = 127.0.0.1:${ports['rabbitmq']}`,
      'management.tcp.ip = 127.0.0.1',
      `management.tcp.port = ${ports['rabbitmq-management']}`,
      'log.console = true',
      'log.console.level = warning',
      'log.file = false',
      'disk_free_limit.absolute = 50MB',
      '',
    ];
    writeFileSync(at('rabbitmq.conf'), lines.join('\n'));
    const env = {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      HOME: at('home'),
      // Whatever the machine has configured for a server of its own must not speak.
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
      RABBITMQ_GENERATED_CONFIG_DIR: at('generated'),
      RABBITMQ_MNESIA_BASE: at('mnesia'),
      RABBITMQ_LOG_BASE: at('log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_PID_FILE: at('pid'),
      RABBITMQ_NODENAME: 'sluice-infra@localhost',
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(ports['rabbitmq']),
      RABBITMQ_DIST_PORT: String(ports['rabbitmq-distribution']),
      ERL_EPMD_PORT: String(ports['rabbitmq-names']),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_CRASH_DUMP_SECONDS: '0',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
      // The script then becomes the node instead of its parent, so that signals reach the node.
      RUNNING_UNDER_SYSTEMD: 'true',
    };
    return { binary: tools.get('rabbitmq-server') ?? '', args: [], env };
  },
  probe: (ports) => rabbitMqReady(ports['rabbitmq'] ?? 0),
  urls: (ports) => [
    `amqp://guest:guest@127.0.0.1:${ports['rabbitmq']} (bus: rabbitmq)`,
    `http://127.0.0.1:${ports['rabbitmq-management']} (its page)`,
  ],
};
