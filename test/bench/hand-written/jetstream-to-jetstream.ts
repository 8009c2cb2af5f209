import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { Bridge } from '../bridge.ts';
import { translate } from '../work.ts';
import { publisher } from './jetstream-publisher.ts';

/** The client's own consumer with a callback, acknowledged after the confirmation. Its pulls bound nothing, as callbacks do. */
export const jetstreamToJetstream: Bridge = async ({ natsUrl, name, delivered }) => {
  const connection = await connect({ servers: natsUrl, noAsyncTraces: true });
  const manager = await jetstreamManager(connection);
  await manager.consumers.add('IN', { durable_name: name, ack_policy: AckPolicy.Explicit, max_ack_pending: 256 });
  const consumer = await jetstream(connection).consumers.get('IN', name);
  const publish = publisher(connection);
  const messages = await consumer.consume({
    max_messages: 256,
    callback(message) {
      const key = message.subject.split('.')[1] ?? '';
      publish(`out.${name}.${key}`, translate(message.data), `${name}-${message.seq}`, () => {
        message.ack();
        delivered.count += 1;
      });
    },
  });
  return async () => {
    messages.stop();
    await connection.close();
  };
};
