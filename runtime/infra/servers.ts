import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jaegerConfiguration } from './jaeger-configuration.ts';
import { healthy, portOpen } from './probe.ts';
import type { InfraServer } from './infra-server.ts';
import { kafka } from './kafka.ts';
import { rabbitmq } from './rabbitmq.ts';

const nats: InfraServer = {
  tools: ['nats-server'],
  ports: { nats: 4222, 'nats-monitor': 8222 },
  command({ folder, ports, tools }) {
    const file = join(folder, 'nats.conf');
    const lines = [
      'server_name: sluice-infra',
      `listen: "127.0.0.1:${ports['nats']}"`,
      `http: "127.0.0.1:${ports['nats-monitor']}"`,
      `jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))} }`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return { binary: tools.get('nats-server') ?? '', args: ['-c', file] };
  },
  // JetStream's recovery included; the port opens before it.
  probe: (ports) => healthy(`http://127.0.0.1:${ports['nats-monitor']}/healthz`),
  urls: (ports) => [`nats://127.0.0.1:${ports['nats']} (bus: nats, bus: jetstream)`],
};

/** Under a name and a port of its own: a bridge between two brokers needs two. */
const mosquittoAt = (name: string, port: number): InfraServer => ({
  tools: ['mosquitto'],
  ports: { [name]: port },
  command({ folder, ports, tools }) {
    const data = join(folder, 'data');
    mkdirSync(data, { recursive: true });
    const lines = [
      // The defaults drop silently from 1000 waiting messages on, and wait for the peer's delayed acknowledgement.
      'max_queued_messages 200000',
      'max_inflight_messages 1000',
      'set_tcp_nodelay true',
      'log_dest stdout',
      `listener ${ports[name]} 127.0.0.1`,
      'allow_anonymous true',
      // Started by root it would give up its rights to a user who cannot read the folder.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      'persistence true',
      `persistence_location ${data}/`,
    ];
    const file = join(folder, 'mosquitto.conf');
    writeFileSync(file, `${lines.join('\n')}\n`);
    return { binary: tools.get('mosquitto') ?? '', args: ['-c', file] };
  },
  // Persistence is read before it opens.
  probe: (ports) => portOpen(ports[name] ?? 0),
  urls: (ports) => [`mqtt://127.0.0.1:${ports[name]} (bus: mqtt)`],
});

const jaeger: InfraServer = {
  tools: ['jaeger'],
  ports: { otlp: 4318, 'jaeger-query': 16_686 },
  command({ folder, ports, tools }) {
    const file = join(folder, 'jaeger.yaml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(jaegerConfiguration(ports['otlp'] ?? 0, ports['jaeger-query'] ?? 0)));
    // The variables of OpenTelemetry are for the bridge, not for the server.
    const env = { PATH: process.env['PATH'], HOME: folder };
    return { binary: tools.get('jaeger') ?? '', args: ['--config', file], env };
  },
  // It begins to listen for questions before it listens for spans.
  probe: async (ports) =>
    (await healthy(`http://127.0.0.1:${ports['jaeger-query']}/api/v3/services`)) &&
    (await portOpen(ports['otlp'] ?? 0)),
  urls: (ports) => [
    `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${ports['otlp']}`,
    `http://127.0.0.1:${ports['jaeger-query']}/api/v3/services`,
  ],
};

/** The servers of `sluice infra up`, by name. */
export const INFRA_SERVERS: Readonly<Record<string, InfraServer>> = {
  nats,
  mosquitto: mosquittoAt('mosquitto', 1883),
  'mosquitto-2': mosquittoAt('mosquitto-2', 1884),
  rabbitmq,
  kafka,
  jaeger,
};
