import { connect } from 'amqplib';

/**
 * Makes streams survive kill -9. RabbitMQ 3.10 registers the coordinator of its streams on disk at the first orderly
 * stop after a stream was declared; a node that is killed before comes back with every stream down for good.
 */
export async function prepareStreams(url: string, ctl: (...args: readonly string[]) => Promise<string>): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertQueue('harness', { durable: true, arguments: { 'x-queue-type': 'stream' } });
  await channel.deleteQueue('harness');
  await connection.close();
  await ctl('stop_app');
  await ctl('start_app');
}
