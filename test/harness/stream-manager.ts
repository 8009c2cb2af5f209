import { type JetStreamManager, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { natsClient } from './nats-client.ts';
import { patient } from './patience.ts';

/** The client discards requests that are made while it connects: the next one must not wait for long. */
const ANSWER_MS = 2000;

/** A client of the test's own, beside the bridge's. It connects again for as long as it is open. */
export interface Managed {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
}

export async function managed(url: string, options: ConnectionOptions = {}): Promise<Managed> {
  const connection = await natsClient(url, { maxReconnectAttempts: -1, reconnectTimeWait: 50, ...options });
  return { connection, manager: await jetstreamManager(connection, { checkAPI: false, timeout: patient(ANSWER_MS) }) };
}

/** Every message that the stream holds, in order. */
export async function storedIn({ streams }: JetStreamManager, name: string): Promise<StoredMsg[]> {
  const { first_seq: first, last_seq: last } = (await streams.info(name)).state;
  const stored: StoredMsg[] = [];
  for (let seq = first; seq <= last; seq += 1) {
    const message = await streams.getMessage(name, { seq });
    if (message !== null) stored.push(message);
  }
  return stored;
}
