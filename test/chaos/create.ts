import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect as connectAmqp } from 'amqplib';
import { waitFor } from '../harness/wait-for.ts';
import { nameOf, readMark } from '../../runtime/verify/mark.ts';

/** The last fault of a run may not be over when its messages have all arrived. */
const READ_MS = 30_000;

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

/** The names of messages of a run that expired in a queue before anybody had read them. Waits for a server that is away. */
export async function expiredIn(url: string, queue: string, run: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const isRead = async (): Promise<boolean> => {
    const connection = await connectAmqp(url);
    connection.on('error', () => {});
    const channel = await connection.createChannel();
    for (;;) {
      const message = await channel.get(`${queue}-expired`, { noAck: true });
      if (message === false) break;
      const reading = readMark({ headers: new Map(), body: message.content }, 'body');
      if (reading.kind !== 'unreadable' && reading.mark.run === run) names.add(nameOf(reading.mark));
    }
    await connection.close();
    return true;
  };
  await waitFor(isRead, READ_MS, `what expired in ${queue} to be read`);
  return names;
}
