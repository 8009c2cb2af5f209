import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';
import { patient } from './patience.ts';

/** What the client calls the server of a URL and the identity in it, which it would take no note of. */
export function natsTo(url: string): Pick<ConnectionOptions, 'servers' | 'user' | 'pass'> {
  const { host, username, password } = new URL(url);
  return { servers: `nats://${host}`, ...(username !== '' && { user: username, pass: password }) };
}

/**
 * How long one attempt to connect may take. The client waits as long for a server that was killed between its greeting and
 * its first PONG, though the connection is closed; the client's own default is 20 s.
 */
const CONNECT_MS = 2000;

/** A client of the test's own. */
export function natsClient(url: string, options: ConnectionOptions = {}): Promise<NatsConnection> {
  return connect({ ...natsTo(url), timeout: patient(CONNECT_MS), ...options });
}

/** The words of a pipeline file's connection for a URL, by `port` where it leads over a link. */
export function natsWords(
  url: string,
  port?: number,
): { readonly url: string; readonly user?: string; readonly password?: string } {
  const { hostname, port: direct, username, password } = new URL(url);
  return { url: `nats://${hostname}:${port ?? direct}`, ...(username !== '' && { user: username, password }) };
}
