import type { EndOptions } from './bus.ts';

/** The function by which a driver reads the connection's options before each attempt to connect. */
export function connectionReader<Connection>({
  connection,
  reread,
}: Pick<EndOptions<Connection, unknown>, 'connection' | 'reread'>): () => Connection {
  return reread ?? (() => connection);
}
