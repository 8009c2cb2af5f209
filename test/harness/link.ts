import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from './free-ports.ts';
import type { FrameReader } from './frames.ts';
import { type Direction, pipe, type Weather } from './pipe.ts';
import { waitFor } from './wait-for.ts';

/** A TCP connection's path that a test can spoil. */
export interface Link extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** How many connections pass over it now. */
  readonly connections: number;
  /** How many were made over it so far. */
  readonly accepted: number;
  /** Resets every connection and refuses new ones until `mend`. What was under way is lost. */
  cut(): Promise<void>;
  /** Ends `cut`, `blackhole` and `heartbeatsOnly`, on the same port. */
  mend(): Promise<void>;
  /** From now on every byte comes so much later, each way. */
  delayMs(ms: number): void;
  /** From now on all connections together carry so much each way; undefined: as much as they can. */
  limit(bytesPerSecond: number | undefined): void;
  /** Connections stay open and are accepted, and nothing passes in the named direction (default: both) until `mend`. */
  blackhole(direction?: Direction): void;
  /** From now on nothing but heartbeats comes from the server, on old and new connections, until `mend`. Needs `frames`. */
  heartbeatsOnly(): void;
}

/** Looks at what passes over one connection, as it is handed on. One of them is made for each. */
export type Watch = () => Readonly<Record<Direction, (bytes: Buffer) => void>>;

const LISTEN_MS = 10_000;

/** Ends it with a reset where that can be done. */
function sever(socket: Socket): void {
  if (socket.destroyed) return;
  // The system refuses to reset a socket that is shutting down, and Node then never closes it: the process would spin
  // at its end. One that is still connecting it would reset only once connected.
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function listen(server: Server, port: number): Promise<true> {
  return new Promise((resolve, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', fail);
      resolve(true);
    });
  });
}

/** What a link is to look into. */
export interface LinkOptions {
  readonly watch?: Watch;
  /** How the server speaks, see FRAMES. */
  readonly frames?: FrameReader | undefined;
}

/** A TCP proxy of the test's own in front of a server's port. */
export async function startLink(
  targetPort: number,
  targetHost = '127.0.0.1',
  { watch, frames }: LinkOptions = {},
): Promise<Link> {
  const weather: Weather = {
    delayMs: 0,
    held: new Set(),
    frames,
    heartbeatsOnly: false,
    bytesPerSecond: undefined,
    busyUntilMs: { up: 0, down: 0 },
  };
  const sockets = new Set<Socket>();
  const flushes = new Set<() => void>();
  let clients = 0;
  let accepted = 0;

  const join = (near: Socket): void => {
    const far = connect({ port: targetPort, host: targetHost, allowHalfOpen: true, noDelay: true });
    const reset = (): void => {
      for (const socket of [near, far]) sever(socket);
    };
    const watched = watch?.();
    const pair = [pipe(near, far, 'up', weather, watched?.up), pipe(far, near, 'down', weather, watched?.down)];
    for (const flush of pair) flushes.add(flush);
    clients += 1;
    accepted += 1;
    near.once('close', () => {
      clients -= 1;
      for (const flush of pair) flushes.delete(flush);
    });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once('error', reset);
      socket.once('close', (hadError) => {
        sockets.delete(socket);
        if (hadError) reset();
      });
    }
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, join);
  const [port = 0] = await freePorts(1);
  await listen(server, port);
  const cut = async (): Promise<void> => {
    for (const socket of sockets) sever(socket);
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    host: '127.0.0.1',
    port,
    get connections() {
      return clients;
    },
    get accepted() {
      return accepted;
    },
    cut,
    async mend() {
      weather.held.clear();
      weather.heartbeatsOnly = false;
      for (const flush of flushes) flush();
      if (!server.listening) await waitFor(() => listen(server, port), LISTEN_MS, `port ${port} to be free again`);
    },
    delayMs(ms) {
      weather.delayMs = ms;
    },
    limit(bytesPerSecond) {
      weather.bytesPerSecond = bytesPerSecond;
    },
    blackhole(direction) {
      for (const held of direction === undefined ? (['up', 'down'] as const) : [direction]) weather.held.add(held);
    },
    heartbeatsOnly() {
      if (frames === undefined) throw new Error('this link was not told how its server speaks');
      weather.heartbeatsOnly = true;
    },
    [Symbol.asyncDispose]: cut,
  };
}
