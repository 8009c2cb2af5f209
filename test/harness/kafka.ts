import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, type Recipe, startBroker } from './broker.ts';
import { javaCommand } from './java-command.ts';
import { type KafkaDoor, kafkaDoor } from './kafka-door.ts';
import { type KafkaLink, startKafkaLink } from './kafka-link.ts';
import { kafkaNode } from './kafka-node.ts';
import { kafkaReady } from '../../runtime/infra/kafka-probe.ts';
import { type KafkaOptions, type KafkaPorts, serverProperties } from './kafka-properties.ts';
import { type Link, startLink } from './link.ts';

/** One Kafka node of the test's own, controller and broker in one. */
export interface Kafka extends Broker, KafkaDoor {
  /** `host:port` of the listeners that the options asked for. */
  readonly listeners: { readonly tls: string; readonly sasl: string; readonly saslTls: string };
  /** As many as `proxied` asked for: a client that is given a link's port keeps to that link. */
  readonly links: readonly Link[];
  /** As many as `answerLinks` asked for. */
  readonly answerLinks: readonly KafkaLink[];
  /** Where it keeps its log. */
  readonly dataFolder: string;
}

const address = (port: number | undefined): string => `127.0.0.1:${port ?? 0}`;

/** A Kafka node, ready when it counts itself among the brokers that serve. About 2.5 s, 210 MB. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const java = await javaCommand();
  const clusterId = randomBytes(16).toString('base64url');
  const links: Link[] = [];
  const answerLinks: KafkaLink[] = [];
  const endLinks = async (): Promise<void> => {
    const all = [...links.splice(0), ...answerLinks.splice(0)];
    await Promise.all(all.map((link) => link[Symbol.asyncDispose]()));
  };
  let ports: KafkaPorts | undefined;
  let dataFolder = '';

  const recipe: Recipe = {
    name: 'kafka',
    scheme: 'kafka',
    portCount: 5 + (options.proxied ?? 0) + (options.answerLinks ?? 0),
    async prepare(folder, [plain = 0, controller = 0, tls = 0, sasl = 0, saslTls = 0, ...behindLinks]) {
      const properties = join(folder, 'server.properties');
      dataFolder = join(folder, 'data');
      if (ports?.plain !== plain) {
        // First start, or a second one on other ports.
        await endLinks();
        const proxied: { port: number; advertised: number }[] = [];
        for (const [index, port] of behindLinks.entries()) {
          if (index < (options.proxied ?? 0)) links.push(await startLink(port));
          else answerLinks.push(await startKafkaLink(port));
          proxied.push({ port, advertised: (answerLinks.at(-1) ?? links.at(-1))?.port ?? 0 });
        }
        ports = { plain, controller, tls, sasl, saslTls, proxied };
      }
      // At each start: certificates may have been renewed.
      if (ports !== undefined) writeFileSync(properties, serverProperties(options, folder, ports));
      return kafkaNode({ java, folder, properties, dataFolder, clusterId, users: options.users ?? {} });
    },
    probe: ([plain]) => kafkaReady(plain ?? 0),
  };
  const broker = await startBroker(recipe).catch(async (error: unknown) => {
    await endLinks();
    throw error;
  });
  const dispose = broker[Symbol.asyncDispose].bind(broker);
  return Object.assign(broker, {
    ...(await kafkaDoor([broker.port], dataFolder)),
    listeners: { tls: address(ports?.tls), sasl: address(ports?.sasl), saslTls: address(ports?.saslTls) },
    links,
    answerLinks,
    dataFolder,
    async [Symbol.asyncDispose]() {
      await dispose();
      await endLinks();
    },
  });
}
