import { connect } from '@nats-io/transport-node';
import type { OpenHandSink } from './half.ts';
import { publisher } from './jetstream-publisher.ts';

export const openJetStreamSink: OpenHandSink = async (url, name) => {
  const connection = await connect({ servers: url, noAsyncTraces: true });
  const publish = publisher(connection);
  return {
    window: 512,
    send: (key, body, id, done) => publish(`out.${name}.${key}`, body, id, done),
    close: () => connection.close(),
  };
};
