import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { RUN_VARIABLE } from './run-variable.ts';

// Below the range from which the kernel takes the ports of outgoing connections (32768 and up): while a killed server
// is away, a client's own reconnecting socket could otherwise take its port and keep the restart from listening.
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Until this process ends they are its own, listening or not. By port: the file that says so to the others of the run. */
const claimed = new Map<number, string | undefined>();

process.on('exit', () => {
  for (const file of claimed.values()) if (file !== undefined) rmSync(file, { force: true });
});

/** False where another file of the run has the port: the server on it may be away for a moment only. */
function claim(port: number): boolean {
  if (claimed.has(port)) return false;
  const run = process.env[RUN_VARIABLE];
  const file = run === undefined ? undefined : join(run, 'ports', String(port));
  if (file !== undefined && !isMade(file)) return false;
  claimed.set(port, file);
  return true;
}

/** False where the file is there already. */
function isMade(file: string): boolean {
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
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
