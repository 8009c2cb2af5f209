import { connect } from 'amqplib';
import type { OpenHandSink } from './half.ts';

export const openRabbitMqSink: OpenHandSink = async (url, name) => {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  channel.on('return', () => {
    throw new Error('unroutable');
  });
  return {
    window: 1000,
    send(key, body, messageId, done) {
      const options = { persistent: true, mandatory: true, messageId };
      channel.publish(`out-${name}`, `${name}.${key}`, body as Buffer, options, (failure: unknown) => {
        if (failure !== null) throw failure;
        done();
      });
    },
    close: () => connection.close(),
  };
};
