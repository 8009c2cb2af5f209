import mqtt from 'mqtt';
import type { OpenHandSink } from './half.ts';

const QOS_1 = { qos: 1 } as const;

export const openMqttSink: OpenHandSink = async (url, name) => {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, clientId: `${name}-out` });
  return {
    window: 256,
    send(key, body, _id, done) {
      client.publish(`out/${name}/${key}`, body as Buffer, QOS_1, (failure) => {
        if (failure) throw failure;
        done();
      });
    },
    close: () => client.endAsync(true),
  };
};
