import { type ChannelModel, connect, type ConfirmChannel } from 'amqplib';
import type { Where } from '../bridge.ts';
import { report } from '../work.ts';
import { inWindow, KEYS, type Load } from './load.ts';

async function withChannel<T>({ rabbitmq }: Where, work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
  const connection: ChannelModel = await connect(rabbitmq, { noDelay: true });
  try {
    return await work(await connection.createConfirmChannel());
  } finally {
    await connection.close();
  }
}

/** A quorum queue behind an exchange of its own, so that the routing key carries the message's key. */
async function makeQueue(channel: ConfirmChannel, name: 'in' | 'out'): Promise<void> {
  await channel.deleteQueue(name);
  await channel.assertExchange(name, 'topic', { durable: true });
  await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(name, name, '#');
}

export const rabbitmqLoad: Load = {
  isConsumed: true,
  fill: (where, count) =>
    withChannel(where, async (channel) => {
      await makeQueue(channel, 'in');
      await inWindow(count, 2000, (number, done) => {
        channel.publish('in', `in.${number % KEYS}`, report(number), { persistent: true }, (failure: unknown) => {
          if (failure !== null) throw failure;
          done();
        });
      });
    }),
  makeTarget: (where) => withChannel(where, (channel) => makeQueue(channel, 'out')),
  held: (where) => withChannel(where, async (channel) => (await channel.checkQueue('out')).messageCount),
};
