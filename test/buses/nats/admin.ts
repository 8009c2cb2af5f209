import { type JetStreamManager, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { natsClient } from '../../harness/nats-client.ts';
import { patient } from '../../harness/patience.ts';

/** The client discards what is asked while it connects: whoever asks again must not wait for long. */
const ANSWER_MS = 2000;

/** The test's own door to a server, or to its account on one. */
export interface Admin extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** Every message of the stream as text, in the order of the stream. */
  stored(stream: string): Promise<string[]>;
}

export async function adminOf({ url }: { readonly url: string }): Promise<Admin> {
  const connection = await natsClient(url, { maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: patient(ANSWER_MS) });
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
export async function withStream(server: { readonly url: string }, config: Partial<StreamConfig> = {}): Promise<Admin> {
  const admin = await adminOf(server);
  await admin.manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'], ...config });
  return admin;
}
