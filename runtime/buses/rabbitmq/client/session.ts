import { isIP, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Channel, ChannelModel } from 'amqplib';
import type * as Client from './library.ts';
import { durationMs } from '#kit/quantity.ts';
import { withDeadline } from '#kit/deadline.ts';
import type { RabbitConnection } from '../options.ts';
import { guardHeaders } from './unreadable-headers.ts';
import type { Node, Target } from './target.ts';

/** For closing the channels and the connection together. */
const CLOSE_MS = 2000;
const WRITE_BYTES = 1024 ** 2;
const late = (): Error => new Error('not in time');

/** The reason for ending a session whose connection is open. */
export class Renewal extends Error {
  override readonly name = 'Renewal';
}

/** The link that uses a session. No method may throw. */
export interface SessionListener {
  /** Called once, at its end; `failure` is the error of the server or the socket. */
  over(failure: Error | undefined): void;
  /** The server takes nothing more from this connection until `unblocked`. */
  blocked(reason: string): void;
  unblocked(): void;
}

/**
 * One connection with its channels: the epoch of delivery tags and confirmations (invariant 2). The end of a channel ends the
 * session, because its tags are void in another one.
 */
export class Session {
  readonly model: ChannelModel;
  readonly #socket: AbortController;
  #listener: SessionListener | undefined;
  #failure: Error | undefined;
  #isOver = false;
  #isBlocked = false;
  #isCorked = false;
  readonly #channels = new Set<Channel>();

  constructor(model: ChannelModel, socket: AbortController) {
    this.model = model;
    this.#socket = socket;
    guardHeaders(model.connection);
    const note = (error: Error): void => {
      this.#failure ??= error;
    };
    model.on('error', note);
    model.on('close', (error) => this.end(error));
    model.on('blocked', (reason) => {
      this.#isBlocked = true;
      this.#listener?.blocked(reason);
    });
    model.on('unblocked', () => {
      this.#isBlocked = false;
      this.#listener?.unblocked();
    });
  }

  /** Version as the server states it; undefined where it does not. */
  get serverVersion(): string | undefined {
    const stated: unknown = Reflect.get(this.model.connection.serverProperties, 'version');
    return typeof stated === 'string' ? stated : undefined;
  }

  /** The negotiated frame size. */
  get maxFrameBytes(): number {
    const most: unknown = Reflect.get(this.model.connection, 'frameMax');
    return typeof most === 'number' ? most : Number.POSITIVE_INFINITY;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The server has blocked the connection: it reads nothing from it. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** To be called right after a publish or an acknowledgement: joins those of one turn into one write; the client makes one for each. */
  batchWrites(): void {
    const stream: unknown = Reflect.get(this.model.connection, 'stream');
    if (this.#isCorked || !(stream instanceof Duplex)) return;
    this.#isCorked = true;
    stream.cork();
    // The client writes the frames of this turn in an immediate that it has scheduled before this one.
    process.nextTick(() =>
      setImmediate(() => {
        this.#isCorked = false;
        stream.uncork();
      }),
    );
  }

  /** Calls `listener.over` at once when the session is over already. */
  listen(listener: SessionListener): void {
    this.#listener = listener;
    if (this.#isOver) listener.over(this.#failure);
  }

  /** Opens a channel whose end ends the session. */
  async open<Made extends Channel>(making: Made | Promise<Made>): Promise<Made> {
    const channel = await making;
    this.#channels.add(channel);
    channel.on('error', (error) => {
      this.#failure ??= error;
    });
    channel.on('close', () => {
      if (this.#channels.has(channel)) this.end();
    });
    return channel;
  }

  /** Closes a channel of `open`; the session goes on. */
  async release(channel: Channel): Promise<void> {
    this.#channels.delete(channel);
    await channel.close();
  }

  /** Ends it at once, without waiting for the server. Idempotent. */
  end(failure?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure ??= failure;
    this.#listener?.over(this.#failure);
    // The client only half-closes: with a silent peer the socket would stay open forever.
    void this.#closeConnection(performance.now() + CLOSE_MS);
  }

  /** Ends the session after its writes have arrived, within a deadline. */
  async close(): Promise<void> {
    const endMs = performance.now() + CLOSE_MS;
    if (!this.#isOver) {
      this.#isOver = true;
      // The channels first: a connection.close could overtake writes that are still queued in a channel.
      const farewell = async (): Promise<void> => {
        for (const channel of this.#channels) await channel.close();
      };
      if (!this.#isBlocked) await withDeadline(farewell(), CLOSE_MS, late).catch(() => {});
      this.#listener?.over(undefined);
    }
    await this.#closeConnection(endMs);
  }

  async #closeConnection(endMs: number): Promise<void> {
    const said = this.model.close().catch(() => {});
    if (!this.#isBlocked) await withDeadline(said, endMs - performance.now(), late).catch(() => {});
    // Buffered bytes must not reach a server that reads again after the next session has begun.
    const stream: unknown = Reflect.get(this.model.connection, 'stream');
    // A stream that is ending cannot be reset, and has sent its bytes.
    const canReset = stream instanceof Socket && !(stream instanceof TLSSocket) && !stream.destroyed;
    if (canReset && !stream.writableEnded) stream.resetAndDestroy();
    this.#socket.abort();
  }
}

/** Makes one attempt at one node. Rejects with the client's error; `signal` aborts it. */
export async function dial(
  client: typeof Client,
  options: RabbitConnection,
  target: Target,
  node: Node,
  signal: AbortSignal,
): Promise<Session> {
  const socket = new AbortController();
  const giveUp = (): void => socket.abort();
  signal.addEventListener('abort', giveUp, { once: true });
  const { tls, external } = options;
  const username = options.username ?? node.username ?? 'guest';
  const password = options.password ?? node.password ?? (node.username === undefined ? 'guest' : '');
  const servername = tls?.serverName ?? (isIP(node.host) === 0 ? node.host : undefined);
  // Options of Node's sockets that the client's types lack: the signal destroys the socket, also while it connects, and the
  // buffer takes the publishes of a whole turn.
  const own = { signal: socket.signal, writableHighWaterMark: WRITE_BYTES };
  try {
    const model = await client.connect(
      {
        protocol: node.secure ? 'amqps' : 'amqp',
        hostname: node.host,
        port: node.port,
        vhost: node.encodedVhost,
        heartbeat: Math.ceil(durationMs(options.keepAlive) / 1000),
      },
      {
        ...own,
        noDelay: true,
        credentials: external ? client.credentials.external() : client.credentials.plain(username, password),
        clientProperties: { connection_name: target.name },
        ...(tls?.ca !== undefined && { ca: tls.ca }),
        ...(tls?.cert !== undefined && { cert: tls.cert }),
        ...(tls?.key !== undefined && { key: tls.key }),
        ...(servername !== undefined && { servername }),
      },
    );
    return new Session(model, socket);
  } catch (error) {
    socket.abort();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
