import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from 'amqplib';
import { kafkaClient } from '../harness/kafka-client.ts';
import { natsWords } from '../harness/nats-client.ts';
import { ownName, sharedKafka, sharedNats, sharedRabbitMq } from '../harness/shared.ts';
import { managed } from '../harness/stream-manager.ts';

/** One message of a log. */
export interface Written {
  readonly key: string;
  readonly body: string;
}

/** A log that a route reads, as its test writes it and looks at it. */
export interface Log extends AsyncDisposable {
  /** The connection and the source, in the words of a pipeline file. */
  readonly bus: object;
  readonly from: object;
  /** Resolves once the server has all of them. */
  write(messages: readonly Written[]): Promise<void>;
  /** The readers that the server knows, by name. */
  readers(): Promise<readonly string[]>;
}

/** `cut`: removes the oldest messages, as retention does. */
export async function jetstreamLog(): Promise<Log & { cut(messages: number): Promise<void> }> {
  const { url } = await sharedNats();
  const { connection, manager } = await managed(url);
  await manager.streams.add({ name: 'IN', subjects: ['in.*'] });
  const { jetstream } = await import('@nats-io/jetstream');
  const publisher = jetstream(connection);
  return {
    bus: { bus: 'jetstream', ...natsWords(url) },
    from: { stream: 'IN', key: '{subject.1}' },
    async write(messages) {
      await Promise.all(messages.map(({ key, body }) => publisher.publish(`in.${key}`, body)));
    },
    async readers() {
      const { consumers } = await jetstreamManager(connection, { checkAPI: false });
      const found: string[] = [];
      for await (const { name } of consumers.list('IN')) found.push(name);
      return found;
    },
    async cut(count) {
      await manager.streams.purge('IN', { seq: count + 1 });
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

export async function kafkaLog(): Promise<Log> {
  const kafka = await sharedKafka();
  const topic = ownName('replay');
  await kafka.createTopic(topic, { partitions: 3 });
  // Each write is a transaction: the last offset of a partition is its marker, which no reader gets.
  const settings = { transactionalId: topic, idempotent: true, maxInFlightRequests: 1 };
  const producer = kafkaClient({ clientId: 'test', brokers: kafka.brokers }).producer(settings);
  await producer.connect();
  return {
    bus: { bus: 'kafka', brokers: kafka.brokers },
    from: { topics: [topic], group: `${topic}-route` },
    async write(messages) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: messages.map(({ key, body }) => ({ key, value: body })) });
      await transaction.commit();
    },
    async readers() {
      const { groups } = await kafka.admin((admin) => admin.listGroups());
      return groups
        .map(({ groupId }) => groupId)
        .filter((group) => group === `${topic}-route` || group.startsWith('archive_'));
    },
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}

export async function rabbitLog(): Promise<Log> {
  const url = await (await sharedRabbitMq()).freshVhost();
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('in', { durable: true, arguments: { 'x-queue-type': 'stream' } });
  return {
    bus: { bus: 'rabbitmq', url },
    from: { queue: 'in', type: 'stream', key: '{header.unit}' },
    async write(messages) {
      for (const { key, body } of messages) channel.sendToQueue('in', Buffer.from(body), { headers: { unit: key } });
      await channel.waitForConfirms();
    },
    readers: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
