import { enableCompileCache } from 'node:module';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import mqtt from 'mqtt';
import toTrack from '../../../functions/owntracks-to-track.ts';

// The least that bridges one message, for the time it takes to be there.
enableCompileCache();
const [connection, client] = await Promise.all([
  connect({ servers: process.env['NATS_URL'] ?? '' }),
  mqtt.connectAsync(process.env['MQTT_URL'] ?? '', { protocolVersion: 5 }),
]);
const publisher = jetstream(connection);
client.on('message', (topic, payload) => {
  const track = toTrack(JSON.parse(payload.toString()), undefined as never);
  void publisher.publish(`out.${topic.split('/')[1]}`, JSON.stringify(track), { msgID: topic });
});
await client.subscribeAsync('in/+', { qos: 1 });
process.on('SIGTERM', () => process.exit(0));
