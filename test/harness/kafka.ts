import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Broker, type Recipe, startBroker } from './broker.ts';
import { javaCommand } from './java-command.ts';
import { type KafkaDoor, kafkaDoor, SCRAM } from './kafka-door.ts';
import { kafkaReady } from './kafka-probe.ts';
import { type KafkaOptions, type KafkaPorts, serverProperties } from './kafka-properties.ts';
import { type Link, startLink } from './link.ts';

const run = promisify(execFile);
const TOOL_MS = 60_000;

/** One Kafka node of the test's own, controller and broker in one. */
export interface Kafka extends Broker, KafkaDoor {
  /** `host:port` of the listeners that the options asked for. */
  readonly listeners: { readonly tls: string; readonly sasl: string; readonly saslTls: string };
  /** As many as `proxied` asked for: a client that is given a link's port keeps to that link. */
  readonly links: readonly Link[];
  /** Where it keeps its log. */
  readonly dataFolder: string;
}

const address = (port: number | undefined): string => `127.0.0.1:${port ?? 0}`;

/** A Kafka node, ready when it counts itself among the brokers that serve. About 2.5 s, 210 MB. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const java = await javaCommand();
  const clusterId = randomBytes(16).toString('base64url');
  const links: Link[] = [];
  let ports: KafkaPorts | undefined;
  let dataFolder = '';

  const recipe: Recipe = {
    name: 'kafka',
    scheme: 'kafka',
    portCount: 5 + (options.proxied ?? 0),
    async prepare(folder, [plain = 0, controller = 0, tls = 0, sasl = 0, saslTls = 0, ...behindLinks]) {
      const properties = join(folder, 'server.properties');
      dataFolder = join(folder, 'data');
      if (ports?.plain !== plain) {
        // First start, or a second one on other ports.
        await Promise.all(links.splice(0).map((link) => link[Symbol.asyncDispose]()));
        for (const port of behindLinks) links.push(await startLink(port));
        const proxied = behindLinks.map((port, index) => ({ port, advertised: links[index]?.port ?? 0 }));
        ports = { plain, controller, tls, sasl, saslTls, proxied };
        writeFileSync(properties, serverProperties(options, folder, ports));
      }
      const { binary, args } = java(folder);
      if (!existsSync(join(dataFolder, 'meta.properties'))) {
        mkdirSync(dataFolder, { recursive: true });
        const scram = Object.entries(options.users ?? {}).flatMap(([name, password]) =>
          SCRAM.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]),
        );
        const format = [
          ...args,
          'kafka.tools.StorageTool',
          'format',
          `--cluster-id=${clusterId}`,
          '-c',
          properties,
          ...scram,
        ];
        await run(binary, format, { timeout: TOOL_MS });
      }
      return { binary, args: [...args, 'kafka.Kafka', properties] };
    },
    probe: ([plain]) => kafkaReady(plain ?? 0),
  };
  const broker = await startBroker(recipe).catch(async (error: unknown) => {
    await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
    throw error;
  });
  const dispose = broker[Symbol.asyncDispose].bind(broker);
  return Object.assign(broker, {
    ...(await kafkaDoor(broker.port, dataFolder)),
    listeners: { tls: address(ports?.tls), sasl: address(ports?.sasl), saslTls: address(ports?.saslTls) },
    links,
    dataFolder,
    async [Symbol.asyncDispose]() {
      await dispose();
      await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
    },
  });
}
