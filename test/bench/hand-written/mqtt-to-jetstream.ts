import { connect as connectNats } from '@nats-io/transport-node';
import mqtt from 'mqtt';
import mqttPacket from 'mqtt-packet';
import type { Bridge } from '../bridge.ts';
import { translate } from '../work.ts';
import { publisher } from './jetstream-publisher.ts';

/** As an engineer would write it in an afternoon who knows both clients well: acknowledged after the confirmation, 256 in flight. */
export const mqttToJetstream: Bridge = async ({ mqttUrl, natsUrl, name, delivered }) => {
  const connection = await connectNats({ servers: natsUrl, noAsyncTraces: true });
  const publish = publisher(connection);
  const client = mqtt.connect(mqttUrl, {
    protocolVersion: 5,
    clientId: name,
    clean: false,
    properties: { sessionExpiryInterval: 3600, receiveMaximum: 256 },
    manualConnect: true,
    keepalive: 60,
  });
  const deferred = new Error('deferred');
  let open = 0;
  let goOn: (() => void) | undefined;
  client.handleMessage = (packet, callback) => {
    open += 1;
    const key = packet.topic.split('/')[1] ?? '';
    const messageId = packet.messageId ?? 0;
    const id = `${name}-${messageId}-${packet.payload.length}-${delivered.count}`;
    publish(`out.${name}.${key}`, translate(packet.payload as Buffer), id, () => {
      mqttPacket.writeToStream({ cmd: 'puback', messageId, reasonCode: 0 }, client.stream, { protocolVersion: 5 });
      delivered.count += 1;
      open -= 1;
      const next = goOn;
      goOn = undefined;
      next?.();
    });
    if (open < 256) callback(deferred);
    else goOn = () => callback(deferred);
  };
  const connected = new Promise((resolve) => client.once('connect', resolve));
  client.connect();
  await connected;
  await client.subscribeAsync(`in/${name}/+`.replace(`${name}/`, ''), { qos: 1 });
  return async () => {
    await client.endAsync(true);
    await connection.close();
  };
};
