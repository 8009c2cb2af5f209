import type { StreamConfig } from '@nats-io/jetstream';
import { type Managed, managed, storedIn } from '../../harness/stream-manager.ts';

/** The test's own door to a server, or to its account on one. */
export interface Admin extends AsyncDisposable, Managed {
  /** Every message of the stream as text, in the order of the stream. */
  stored(stream: string): Promise<string[]>;
}

export async function adminOf({ url }: { readonly url: string }): Promise<Admin> {
  const { connection, manager } = await managed(url);
  return {
    connection,
    manager,
    stored: async (stream) => (await storedIn(manager, stream)).map((message) => message.string()),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** With a stream `TRACKS` of `tracks.>`, unless `config` says otherwise. */
export async function withStream(server: { readonly url: string }, config: Partial<StreamConfig> = {}): Promise<Admin> {
  const admin = await adminOf(server);
  await admin.manager.streams.add({ name: 'TRACKS', subjects: ['tracks.>'], ...config });
  return admin;
}
