import type { EndOptions } from './bus.ts';

/** How a driver reads the connection's options before each attempt to connect. */
export function connectionReader<Connection>({
  connection,
  reread,
}: Pick<EndOptions<Connection, unknown>, 'connection' | 'reread'>): () => Connection {
  return reread ?? (() => connection);
}
