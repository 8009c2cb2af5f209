import { rabbitMqEnvironment } from './rabbitmq-environment.ts';
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
    const env = rabbitMqEnvironment({
      folder,
      name: 'sluice-infra@localhost',
      amqpPort: ports['rabbitmq'] ?? 0,
      distributionPort: ports['rabbitmq-distribution'] ?? 0,
      namesPort: ports['rabbitmq-names'] ?? 0,
    });
    return { binary: tools.get('rabbitmq-server') ?? '', args: [], env };
  },
  probe: (ports) => rabbitMqReady(ports['rabbitmq'] ?? 0),
  urls: (ports) => [
    `amqp://guest:guest@127.0.0.1:${ports['rabbitmq']} (bus: rabbitmq)`,
    `http://127.0.0.1:${ports['rabbitmq-management']} (its page)`,
  ],
};
