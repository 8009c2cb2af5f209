/**
 * The servers of a connection one after the other, without end. The first one is random, so that the routes of a restarted
 * fleet do not all connect to the same server.
 */
export function* rotation<Server>(servers: readonly Server[]): Generator<Server, undefined> {
  const first = Math.floor(Math.random() * servers.length);
  for (let attempt = 0; ; attempt += 1) {
    const server = servers[(first + attempt) % servers.length];
    if (server === undefined) return undefined;
    yield server;
  }
}
