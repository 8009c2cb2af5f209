import { jetstreamManager } from '@nats-io/jetstream';
import type { ConnectionOptions } from '@nats-io/transport-node';
import { natsClient } from '../harness/nats-client.ts';
import { waitFor } from '../harness/wait-for.ts';

/** A message as the stream holds it. */
export interface Stored {
  readonly subject: string;
  readonly body: Uint8Array;
  /** Values of a header; empty where there is none. */
  header(name: string): readonly string[];
}

/** A stream of a test's server, seen from outside the bridge. */
export interface OutStream extends AsyncDisposable {
  /** How many messages it holds; 0 while it does not exist. */
  count(): Promise<number>;
  /** Waits until it holds at least so many, then reads all. */
  read(count: number, deadlineMs?: number): Promise<readonly Stored[]>;
}

export async function watchStream(url: string, options: ConnectionOptions = {}): Promise<OutStream> {
  const name = 'OUT';
  const connection = await natsClient(url, options);
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const count = async (): Promise<number> => {
    try {
      return (await manager.streams.info(name)).state.messages;
    } catch {
      return 0;
    }
  };
  return {
    count,
    async read(wanted, deadlineMs = 15_000) {
      await waitFor(async () => (await count()) >= wanted, deadlineMs, `${wanted} messages in ${name}`);
      const { first_seq: first, last_seq: last } = (await manager.streams.info(name)).state;
      const stored: Stored[] = [];
      for (let sequence = first; sequence <= last; sequence += 1) {
        const message = await manager.streams.getMessage(name, { seq: sequence });
        if (message === null) continue;
        const { subject, data, header } = message;
        stored.push({ subject, body: data, header: (key) => header?.values(key) ?? [] });
      }
      return stored;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
