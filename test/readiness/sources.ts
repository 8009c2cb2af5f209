import { connect as connectAmqp } from 'amqplib';
import { connectAsync } from 'mqtt';
import type { Broker } from '../harness/broker.ts';
import { FRAMES } from '../harness/frames.ts';
import { type Link, startLink } from '../harness/link.ts';
import type { Need } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { natsClient } from '../harness/nats-client.ts';
import { startNats } from '../harness/nats.ts';
import { startRabbitMq } from '../harness/rabbitmq.ts';

/** A server with something to read, behind a link. */
export interface ReadEnd extends AsyncDisposable {
  readonly server: Broker;
  readonly link: Link;
  readonly buses: Readonly<Record<string, object>>;
  readonly from: object;
  /** Whether a message that was published while nothing passed comes later. */
  readonly keeps: boolean;
  /** Resolves once the server has it. */
  publish(): Promise<void>;
}

export interface ReadEndKind {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly start: () => Promise<ReadEnd>;
}

async function behindLink<Server extends Broker>(
  server: Server,
): Promise<{ server: Server; link: Link; url: string; end: () => Promise<void> }> {
  const { protocol } = new URL(server.url);
  const link = await startLink(server.port, undefined, { frames: FRAMES[protocol] });
  return {
    server,
    link,
    url: `${protocol}//127.0.0.1:${link.port}`,
    async end() {
      await link[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function mqtt(protocol: '5' | '3.1.1'): Promise<ReadEnd> {
  const { server, link, url, end } = await behindLink(await startMosquitto());
  const client = await connectAsync(server.url);
  return {
    server,
    link,
    buses: { read: { bus: 'mqtt', url, protocol } },
    from: { bus: 'read', topics: ['t/#'] },
    keeps: true,
    publish: async () => void (await client.publishAsync('t/a', '1', { qos: 1 })),
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
      await end();
    },
  };
}

async function nats(): Promise<ReadEnd> {
  const { server, link, url, end } = await behindLink(await startNats());
  const client = await natsClient(server.url);
  return {
    server,
    link,
    buses: { read: { bus: 'nats', url } },
    from: { bus: 'read', subjects: ['t.>'] },
    keeps: false,
    async publish() {
      client.publish('t.a', '1');
      await client.flush();
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await end();
    },
  };
}

async function jetstream(): Promise<ReadEnd> {
  const { server, link, url, end } = await behindLink(await startNats());
  const client = await natsClient(server.url);
  return {
    server,
    link,
    buses: { read: { bus: 'jetstream', url, create: true } },
    from: { bus: 'read', stream: 'T', subjects: ['t.>'], durable: 'r' },
    keeps: true,
    publish: async () => void (await client.request('t.a', '1')),
    async [Symbol.asyncDispose]() {
      await client.close();
      await end();
    },
  };
}

async function rabbitmq(type: 'classic' | 'quorum' | 'stream'): Promise<ReadEnd> {
  const { server, link, url, end } = await behindLink(await startRabbitMq());
  const client = await connectAmqp(server.url);
  client.on('error', () => {});
  const channel = await client.createConfirmChannel();
  return {
    server,
    link,
    buses: { read: { bus: 'rabbitmq', url, create: true } },
    from: { bus: 'read', queue: 'q', type },
    keeps: true,
    async publish() {
      channel.sendToQueue('q', Buffer.from('1'), { persistent: true });
      await channel.waitForConfirms();
    },
    async [Symbol.asyncDispose]() {
      await client.close().catch(() => {});
      await end();
    },
  };
}

export const READ_ENDS: readonly ReadEndKind[] = [
  { name: 'MQTT 5', needs: ['mosquitto-process'], start: () => mqtt('5') },
  { name: 'MQTT 3.1.1', needs: ['mosquitto-process'], start: () => mqtt('3.1.1') },
  { name: 'core NATS', needs: ['nats-process'], start: nats },
  { name: 'JetStream', needs: ['nats-process'], start: jetstream },
  { name: 'RabbitMQ, classic queue', needs: ['rabbitmq-process'], start: () => rabbitmq('classic') },
  { name: 'RabbitMQ, quorum queue', needs: ['rabbitmq-process'], start: () => rabbitmq('quorum') },
  { name: 'RabbitMQ, stream', needs: ['rabbitmq-process'], start: () => rabbitmq('stream') },
];
