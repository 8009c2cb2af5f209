import { jetstream } from '@nats-io/jetstream';
import { natsClient } from '../../harness/nats-client.ts';
import type { TrafficEnd } from './end.ts';

export const jetstreamEnd: TrafficEnd = {
  // That all are stored is seen at the other side of the bridge.
  async openPublisher(url, tag) {
    const connection = await natsClient(url);
    return (key, body) => connection.publish(`in.${tag}.${key}`, body);
  },
  async openReceiver(url, tag, arrived) {
    const consumer = await jetstream(await natsClient(url)).consumers.get(`OUT-${tag}`);
    await consumer.consume({ max_messages: 2000, callback: ({ data }) => arrived(data) });
  },
};
