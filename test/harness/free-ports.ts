import { createServer, type Server } from 'node:net';

// Below the range from which the kernel takes the ports of outgoing connections (32768 and up): while a killed server
// is away, a client's own reconnecting socket could otherwise take its port and keep the restart from listening.
const LOWEST = 20_000;
const HIGHEST = 32_000;

function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** Ports of 127.0.0.1 that nobody listens on: all are held at once while they are chosen, then let go. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (held.has(port)) continue;
    const server = await listening(port);
    if (server !== undefined) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}
