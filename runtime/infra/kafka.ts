import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kafkaReady } from './kafka-probe.ts';
import type { InfraServer } from './infra-server.ts';

const FORMAT_MS = 60_000;

const LOGGING = `status = warn
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`;

function properties(folder: string, port: number, controller: number): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    'controller.listener.names=CONTROLLER',
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=PLAINTEXT',
    `log.dirs=${join(folder, 'data')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=4',
    'group.initial.rebalance.delay.ms=0',
    // 128 MB of the heap otherwise.
    'log.cleaner.dedupe.buffer.size=4194304',
    '',
  ].join('\n');
}

/** One Kafka node, controller and broker in one. A client that writes to a topic that is not there makes it, as Kafka does by itself. */
export const kafka: InfraServer = {
  tools: ['java', 'kafka'],
  ports: { kafka: 9092, 'kafka-controller': 9093 },
  async command({ folder, ports, tools }) {
    const [file, logging, data] = ['server.properties', 'log4j2.properties', 'data'].map((name) => join(folder, name));
    writeFileSync(file ?? '', properties(folder, ports['kafka'] ?? 0, ports['kafka-controller'] ?? 0));
    writeFileSync(logging ?? '', LOGGING);
    const binary = tools.get('java') ?? '';
    const args = [
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      `-Dlog4j2.configurationFile=${logging}`,
      '-cp',
      join(tools.get('kafka') ?? '', '*'),
    ];
    if (!existsSync(join(data ?? '', 'meta.properties'))) {
      mkdirSync(data ?? '', { recursive: true });
      const id = `--cluster-id=${randomBytes(16).toString('base64url')}`;
      const format = ['kafka.tools.StorageTool', 'format', id, '-c', file ?? ''];
      await promisify(execFile)(binary, [...args, ...format], { timeout: FORMAT_MS });
    }
    return { binary, args: [...args, 'kafka.Kafka', file ?? ''] };
  },
  probe: (ports) => kafkaReady(ports['kafka'] ?? 0),
  urls: (ports) => [`kafka://127.0.0.1:${ports['kafka']} (bus: kafka, brokers: ["127.0.0.1:${ports['kafka']}"])`],
};
