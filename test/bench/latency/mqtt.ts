import mqtt from 'mqtt';
import type { TrafficEnd } from './end.ts';

const QOS_1 = { qos: 1 } as const;

export const mqttEnd: TrafficEnd = {
  async openPublisher(url, tag) {
    const client = await mqtt.connectAsync(url, { protocolVersion: 5 });
    return (key, body) =>
      client.publish(`in/${tag}/${key}`, body, QOS_1, (failure) => {
        if (failure) throw failure;
      });
  },
  async openReceiver(url, tag, arrived) {
    const client = await mqtt.connectAsync(url, { protocolVersion: 5 });
    client.on('message', (_topic, body) => arrived(body));
    await client.subscribeAsync(`out/${tag}/+`, QOS_1);
  },
};
