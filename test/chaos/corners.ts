import { type Broker } from '../harness/broker.ts';
import { startKafka } from '../harness/kafka.ts';
import { type Link, startLink } from '../harness/link.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { startRabbitMq } from '../harness/rabbitmq.ts';
import { addQueues, addStreams, expiredIn } from './create.ts';
import type { Corner, CornerKind, Side, Words } from './corner.ts';
import { MqttWitness } from './mqtt-witness.ts';

const PARTITIONS = 4;

/** Every kind of bus as a corner of pairs; their servers start when they are first needed and end with `servers`. */
export function cornerKinds(servers: AsyncDisposableStack): readonly CornerKind[] {
  const once = (start: () => Promise<Corner>): (() => Promise<Corner>) => {
    let started: Promise<Corner> | undefined;
    return () => (started ??= start());
  };
  const use = async <T extends AsyncDisposable>(starting: Promise<T>): Promise<T> => servers.use(await starting);
  const linked = async (server: Broker): Promise<Record<Side, Link>> => ({
    source: await use(startLink(server.port)),
    sink: await use(startLink(server.port)),
  });
  return [
    {
      bus: 'mqtt',
      need: 'mosquitto-process',
      isSource: true,
      open: once(async () => {
        const server = await use(startMosquitto());
        const witnesses = { source: new MqttWitness('down'), sink: new MqttWitness('up') };
        const source = await use(startLink(server.port, server.host, witnesses.source));
        const sink = await use(startLink(server.port, server.host, witnesses.sink));
        return mqttCorner(server, { source, sink }, witnesses);
      }),
    },
    {
      bus: 'nats',
      need: 'nats-process',
      isSource: false,
      open: once(async () => {
        const server = await use(startNats({ jetstream: false }));
        return natsCorner(server, await linked(server));
      }),
    },
    {
      bus: 'jetstream',
      need: 'nats-process',
      isSource: true,
      open: once(async () => {
        const server = await use(startNats());
        return jetstreamCorner(server, await linked(server));
      }),
    },
    {
      bus: 'kafka',
      need: 'kafka-process',
      isSource: true,
      open: once(async () => {
        const server = await use(startKafka({ proxied: 2 }));
        const [source, sink] = server.links;
        if (source === undefined || sink === undefined) throw new Error('Kafka has no links');
        return {
          server,
          links: { source, sink },
          through: (side) => ({ bus: 'kafka', brokers: [`127.0.0.1:${(side === 'source' ? source : sink).port}`] }),
          direct: { bus: 'kafka', brokers: server.brokers },
          entrance: (tag) => ({
            // The least that the server takes: a bridge that is paused for longer is out of its group.
            bridge: { topics: [`in-${tag}`], start: 'earliest', sessionTimeout: '6s', ...membership(tag) },
            checker: { topic: `in-${tag}` },
          }),
          exit: (tag) => ({
            bridge: { topic: `out-${tag}` },
            checker: { topics: [`out-${tag}`], start: 'earliest', sessionTimeout: '6s' },
          }),
          prepare: (side, tags) =>
            server.createTopics(
              tags.map((tag) => `${side === 'source' ? 'in' : 'out'}-${tag}`),
              {
                partitions: PARTITIONS,
                ...(side === 'sink' && { config: { 'message.timestamp.type': 'LogAppendTime' } }),
              },
            ),
          isStamped: true,
          restart: 'kill',
        };
      }),
    },
    {
      bus: 'rabbitmq',
      need: 'rabbitmq-process',
      isSource: true,
      open: once(async () => {
        const server = await use(startRabbitMq());
        const links = await linked(server);
        return {
          ...onUrl('rabbitmq', server, links),
          entrance: (tag) => ({
            bridge: { queue: `in-${tag}`, key: '{routingKey.1}' },
            checker: { exchange: `in-${tag}`, routingKey: `${tag}.{key}` },
          }),
          exit: (tag) => ({
            bridge: { exchange: `out-${tag}`, routingKey: `${tag}.{key}` },
            checker: { queue: `out-${tag}` },
          }),
          async prepare(side, tags) {
            await addQueues(
              server.url,
              tags.map((tag) => `${side === 'source' ? 'in' : 'out'}-${tag}`),
            );
            await server.saveNow();
          },
          async unread(side, tag, run) {
            const expired = await expiredIn(server.url, `${side === 'source' ? 'in' : 'out'}-${tag}`, run);
            return (name) => expired.has(name);
          },
          restart: 'kill',
          alarm: (ms) => server.blockFor(ms),
        };
      }),
    },
  ];
}

/** Some classes come back under a name of the file, others by the id in their state folder: both are to be seen. */
function membership(tag: string): Words {
  return /command|audit/.test(tag) ? { instance: 'only' } : {};
}

function onUrl(
  bus: string,
  server: Broker,
  links: Record<Side, Link>,
): Pick<Corner, 'server' | 'links' | 'through' | 'direct'> {
  const { protocol } = new URL(server.url);
  return {
    server,
    links,
    through: (side) => ({ bus, url: `${protocol}//127.0.0.1:${links[side].port}` }),
    direct: { bus, url: server.url },
  };
}

function mqttCorner(server: Broker, links: Record<Side, Link>, witnesses: Readonly<Record<Side, MqttWitness>>): Corner {
  return {
    ...onUrl('mqtt', server, links),
    entrance: (tag) => ({
      bridge: { topics: [`in/${tag}/+`], key: '{topic.2}', ...(tag.includes('command') && PUBLISHERS_WORD) },
      checker: { topic: `in/${tag}/{key}` },
    }),
    exit: (tag) => ({
      bridge: { topic: `out/${tag}/{key}` },
      checker: { topics: [`out/${tag}/+`] },
    }),
    prepare: () => Promise.resolve(),
    unread: (side, _tag, run) => Promise.resolve((name) => witnesses[side].hasSeen(run, name) === (side === 'sink')),
    // Killed, it loses what it has acknowledged: what a bridge can do about that is nothing.
    restart: 'stop',
  };
}

/**
 * mosquitto hands out what waits in a session around what expired there in another order, and a message in its last
 * second without its expiry: a command's place and time are those that its publisher gave it.
 */
const PUBLISHERS_WORD: Words = { sequence: '{body.mark.number}', timestamp: '{body.mark.sentAtMs}' };

function natsCorner(server: Broker, links: Record<Side, Link>): Corner {
  return {
    ...onUrl('nats', server, links),
    entrance: undefined,
    exit: (tag) => ({
      bridge: { subject: `out.${tag}.{key}` },
      checker: { subjects: [`out.${tag}.*`] },
    }),
    prepare: () => Promise.resolve(),
    restart: 'never',
  };
}

function jetstreamCorner(server: Broker, links: Record<Side, Link>): Corner {
  return {
    ...onUrl('jetstream', server, links),
    entrance: (tag) => ({
      bridge: { stream: `IN-${tag}`, key: '{subject.2}' },
      checker: { stream: `IN-${tag}`, subject: `in.${tag}.{key}` },
    }),
    exit: (tag) => ({
      bridge: { stream: `OUT-${tag}`, subject: `out.${tag}.{key}` },
      checker: { stream: `OUT-${tag}` },
    }),
    prepare: (side, tags) =>
      addStreams(
        server.url,
        tags.map((tag) =>
          side === 'source'
            ? { name: `IN-${tag}`, subject: `in.${tag}.*` }
            : { name: `OUT-${tag}`, subject: `out.${tag}.*` },
        ),
      ),
    isStamped: true,
    restart: 'kill',
  };
}
