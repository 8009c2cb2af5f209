import type { ConnectionOptions } from '@nats-io/transport-node';
import { managed, storedIn } from './stream-manager.ts';
import { waitFor } from './wait-for.ts';

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
  const { connection, manager } = await managed(url, options);
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
      return (await storedIn(manager, name)).map(({ subject, data, header }) => ({
        subject,
        body: data,
        header: (key) => header?.values(key) ?? [],
      }));
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
