import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Beyond them the oldest one ends. */
const MOST_CONNECTIONS = 64;
const MOST_STREAMS = 16;
/** What a stream holds for a reader that does not read. */
const MOST_HELD = 512 * 1024;

/**
 * Bounds the connections of a server. One too many ends the oldest, not itself: a stranger that holds connections keeps no probe
 * from its answer. Streams are spared, within a bound of their own.
 */
export class BoundedConnections {
  readonly #plain = new Set<Socket>();
  readonly #streams = new Set<Socket>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      if (this.#plain.size >= MOST_CONNECTIONS) endOldest(this.#plain);
      this.#plain.add(socket);
      // Without a listener an error of a socket that is being closed would end the process.
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#plain.delete(socket);
        this.#streams.delete(socket);
      });
    });
  }

  /** From now on it counts as a stream. */
  streams(socket: Socket): void {
    if (this.#streams.size >= MOST_STREAMS) endOldest(this.#streams);
    this.#plain.delete(socket);
    this.#streams.add(socket);
  }
}

function endOldest(sockets: Set<Socket>): void {
  const [oldest] = sockets;
  if (oldest === undefined) return;
  sockets.delete(oldest);
  oldest.destroy();
}

/** Writes to a reader, and ends it once it has fallen behind too far. */
export function writeBounded(socket: Socket, text: string, write: (text: string) => boolean): void {
  if (socket.destroyed) return;
  write(text);
  if (socket.writableLength > MOST_HELD) socket.destroy();
}
