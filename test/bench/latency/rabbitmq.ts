import { connect } from 'amqplib';
import type { TrafficEnd } from './end.ts';

export const rabbitmqEnd: TrafficEnd = {
  // That all are stored is seen at the other side of the bridge.
  async openPublisher(url, tag) {
    const connection = await connect(url, { noDelay: true });
    const channel = await connection.createChannel();
    return (key, body) => void channel.publish(`in-${tag}`, `${tag}.${key}`, body, { persistent: true });
  },
  async openReceiver(url, tag, arrived) {
    const connection = await connect(url, { noDelay: true });
    const channel = await connection.createChannel();
    await channel.consume(
      `out-${tag}`,
      (message) => {
        if (message === null) throw new Error('cancelled');
        arrived(message.content);
      },
      { noAck: true },
    );
  },
};
