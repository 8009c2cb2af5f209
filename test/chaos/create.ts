import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect as connectAmqp } from 'amqplib';

export async function addStreams(
  url: string,
  streams: readonly { readonly name: string; readonly subject: string }[],
): Promise<void> {
  const connection = await connectNats({ servers: url });
  const manager = await jetstreamManager(connection);
  for (const { name, subject } of streams) await manager.streams.add({ name, subjects: [subject] });
  await connection.close();
}

/** Quorum queues, each behind a topic exchange of its name. */
export async function addQueues(url: string, names: readonly string[]): Promise<void> {
  const connection = await connectAmqp(url);
  const channel = await connection.createChannel();
  for (const name of names) {
    await channel.assertExchange(name, 'topic');
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(name, name, '#');
  }
  await connection.close();
}
