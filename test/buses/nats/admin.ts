import { type JetStreamManager, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Broker } from '../../harness/broker.ts';

/** The test's own door to a server. */
export interface Admin extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** Every message of the stream as text, in the order of the stream. */
  stored(stream: string): Promise<string[]>;
}

export async function adminOf(broker: Broker): Promise<Admin> {
  const connection = await connect({ servers: broker.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  const manager = await jetstreamManager(connection, { checkAPI: false });
  return {
    connection,
    manager,
    async stored(stream) {
      const { state } = await manager.streams.info(stream);
      const texts: string[] = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
        const message = await manager.streams.getMessage(stream, { seq });
        if (message !== null) texts.push(message.string());
      }
      return texts;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** With a stream `TRACKS` of `tracks.>`, unless `config` says otherwise. */
export async function withStream(broker: Broker, config: Partial<StreamConfig> = {}): Promise<Admin> {
  const admin = await adminOf(broker);
  await admin.manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'], ...config });
  return admin;
}
