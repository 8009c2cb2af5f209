import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Beyond them the oldest one ends. */
const MOST_CONNECTIONS = 64;
const MOST_STREAMS = 16;
/** A stream whose reader has left so much unread is sent nothing more. */
const MOST_HELD = 512 * 1024;
/** Requests of one connection that wait for their answers; each holds its whole answer. */
const MOST_WAITING = 4;

/**
 * Bounds the connections of a server. One too many ends the oldest, not itself: a stranger that holds connections keeps no probe
 * from its answer. Streams are spared, within a bound of their own.
 */
export class BoundedConnections {
  readonly #plain = new Set<Socket>();
  readonly #streams = new Set<Socket>();
  readonly #waiting = new WeakMap<Socket, number>();

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

  /**
   * Whether a request of this connection is answered. A connection that sends the next ones without waiting ends: one packet holds a
   * thousand requests, and nothing else would bound their answers. No browser does it.
   */
  takes({ socket }: IncomingMessage, response: ServerResponse): boolean {
    if (socket.destroyed) return false;
    const waiting = (this.#waiting.get(socket) ?? 0) + 1;
    this.#waiting.set(socket, waiting);
    response.once('close', () => this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1));
    if (waiting > MOST_WAITING) socket.destroy();
    return waiting <= MOST_WAITING;
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

/** Writes to a reader, unless it has fallen behind too far: then it ends. One text may be longer than what is held. */
export function writeBounded(socket: Socket, text: string, write: (text: string) => boolean): void {
  if (socket.destroyed) return;
  if (socket.writableLength > MOST_HELD) socket.destroy();
  else write(text);
}
