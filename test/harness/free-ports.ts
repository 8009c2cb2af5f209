import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { RUN_VARIABLE } from './run-variable.ts';

// Below the range from which the kernel takes the ports of outgoing connections (32768 and up): while a killed server
// is away, a client's own reconnecting socket could otherwise take its port and keep the restart from listening.
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Until this process ends they are its own, listening or not. */
const claimed = new Set<number>();
const claims = new Set<string>();

process.on('exit', () => {
  for (const file of claims) rmSync(file, { force: true });
});

/** False where another file of the run has the port: the server on it may be away for a moment only. */
function claim(port: number): boolean {
  if (claimed.has(port)) return false;
  const run = process.env[RUN_VARIABLE];
  if (run !== undefined && !claimInRun(join(run, 'ports'), port)) return false;
  claimed.add(port);
  return true;
}

function claimInRun(folder: string, port: number): boolean {
  const file = join(folder, String(port));
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(file, '', { flag: 'wx' });
  } catch {
    return false;
  }
  claims.add(file);
  return true;
}

function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/**
 * Ports of 127.0.0.1 that nobody listens on: all are held at once while they are chosen, then let go. No other caller of
 * this run is given them before this process ends: a server finds its port free after a restart, and nobody answers on
 * a port that a test chose for that.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!claim(port)) continue;
    const server = await listening(port);
    if (server !== undefined) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}
