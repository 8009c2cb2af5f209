import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { translate } from '../work.ts';
import type { HandSource } from './half.ts';

/** The client's own consumer with a callback, acknowledged after the confirmation. Its pulls bound nothing, as callbacks do. */
export const jetstreamSource: HandSource = async ({ where, name, tag }, sink, delivered) => {
  const connection = await connect({ servers: where.source, noAsyncTraces: true });
  const manager = await jetstreamManager(connection);
  await manager.consumers.add(`IN-${tag}`, {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: sink.window,
  });
  const consumer = await jetstream(connection).consumers.get(`IN-${tag}`, name);
  const messages = await consumer.consume({
    max_messages: sink.window,
    callback(message) {
      const key = message.subject.split('.')[2] ?? '';
      sink.send(key, translate(message.data), `${name}-${message.seq}`, () => {
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
