import { natsClient } from '../../harness/nats-client.ts';
import type { TrafficEnd } from './end.ts';

export const natsEnd: TrafficEnd = {
  async openPublisher(url, tag) {
    const connection = await natsClient(url);
    return (key, body) => connection.publish(`core.in.${tag}.${key}`, body);
  },
  async openReceiver(url, tag, arrived) {
    const connection = await natsClient(url);
    connection.subscribe(`core.out.${tag}.*`, {
      callback(failure, { data }) {
        if (failure) throw failure;
        arrived(data);
      },
    });
    await connection.flush();
  },
};
