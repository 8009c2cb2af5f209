/**
 * The servers of a connection one after the other, without end. Any of them first, lest every route of a restarted fleet
 * falls upon the same one.
 */
export function* rotation<Server>(servers: readonly Server[]): Generator<Server, undefined> {
  const first = Math.floor(Math.random() * servers.length);
  for (let attempt = 0; ; attempt += 1) {
    const server = servers[(first + attempt) % servers.length];
    if (server === undefined) return undefined;
    yield server;
  }
}
