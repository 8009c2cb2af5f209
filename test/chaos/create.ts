import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect as connectAmqp } from 'amqplib';
import { nameOf, readMark } from '../../runtime/verify/mark.ts';

export async function addStreams(
  url: string,
  streams: readonly { readonly name: string; readonly subject: string }[],
): Promise<void> {
  const connection = await connectNats({ servers: url });
  const manager = await jetstreamManager(connection);
  for (const { name, subject } of streams) await manager.streams.add({ name, subjects: [subject] });
  await connection.close();
}

/**
 * Quorum queues, each behind a topic exchange of its name. What expires in one goes to a queue of the same name and
 * `-expired`.
 */
export async function addQueues(url: string, names: readonly string[]): Promise<void> {
  const connection = await connectAmqp(url);
  const channel = await connection.createChannel();
  for (const name of names) {
    await channel.assertExchange(name, 'topic');
    const expired = `${name}-expired`;
    await channel.assertQueue(expired, { durable: true });
    // At least once, or what expires while the node is killed is nowhere; that strategy wants the overflow said.
    const dead = {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': expired,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    };
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum', ...dead } });
    await channel.bindQueue(name, name, '#');
  }
  await connection.close();
}

/** The names of messages of a run that expired in a queue before anybody had read them. */
export async function expiredIn(url: string, queue: string, run: string): Promise<ReadonlySet<string>> {
  const connection = await connectAmqp(url);
  const channel = await connection.createChannel();
  const names = new Set<string>();
  for (;;) {
    const message = await channel.get(`${queue}-expired`, { noAck: true });
    if (message === false) break;
    const reading = readMark({ headers: new Map(), body: message.content }, 'body');
    if (reading.kind !== 'unreadable' && reading.mark.run === run) names.add(nameOf(reading.mark));
  }
  await connection.close();
  return names;
}
