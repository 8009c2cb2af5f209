import type { Duplex } from 'node:stream';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { IConnackPacket } from 'mqtt-packet';
import type { BusContext } from '#contract/bus.ts';
import type { SluiceError } from '#contract/errors.ts';
import { backoffMs } from '#kit/backoff.ts';
import { withDeadline } from '#kit/deadline.ts';
import { SLOW_MS, whenSlow } from '../../support/slow-attempt.ts';
import { Suspensions } from '../../support/suspensions.ts';
import { Connection } from './connection.ts';
import { connectFailure, connectionLost, problem, type Target, tooSlow } from './connect-failure.ts';

/** A connection that the server has accepted. */
export interface Live {
  readonly connection: Connection;
  readonly connack: IConnackPacket;
}

/** The source or sink that uses a link. */
export interface LinkEnd {
  /** A connection is being made. Handlers are attached before its first byte. */
  attach(connection: Connection): void;
  /** The server has accepted it. Called before any packet behind the CONNACK is handled. */
  up(live: Live): void;
  /** The connection ended, with the reason of a v5 DISCONNECT, if any. Called once after each `up`. Returns whether it was of use. */
  down(reason: number | undefined): boolean;
}

const BACKOFF = { firstMs: 250, capMs: 5000 };
/** After a connection that was of no use and lived shorter the backoff goes on. */
const SHORT_MS = 5000;
const CLOSE_MS = 2000;
const DISCONNECT = Buffer.from([0xe0, 0]);
const SESSION_TAKEN_OVER = 0x8e;
/** A server may close without that reason: so many short connections in a row without an error mean the same. */
const SHORT_ENDS = 3;

/**
 * One connection after the other until `close`: a fresh client each time, so that nothing of an earlier connection
 * (packet ids, an outgoing store, queued acknowledgements) can reach a later one (invariant 2).
 */
export class Link {
  readonly #connect: (options: IClientOptions) => MqttClient;
  readonly #options: () => IClientOptions;
  readonly #target: Target;
  readonly #context: BusContext;
  readonly #end: LinkEnd;
  readonly #opened = Promise.withResolvers<void>();
  #client: MqttClient | undefined;
  #gone: Promise<void> = Promise.resolve();
  #isUp = false;
  #upAtMs = 0;
  #isEstablished = false;
  /** The driver ended the connection and has reported the reason. */
  #isRefused = false;
  #isClosing = false;
  readonly suspensions: Suspensions;
  /** The reason for the renewal of an open connection. */
  #renewal: string | undefined;
  #failures = 0;
  #shortEnds = 0;
  #retry: NodeJS.Timeout | undefined;
  #lastProblem: SluiceError | undefined;

  /** `options` is called for each connection: credentials and certificates may have been renewed. */
  constructor(
    connect: (options: IClientOptions) => MqttClient,
    options: () => IClientOptions,
    target: Target,
    context: BusContext,
    end: LinkEnd,
  ) {
    this.#connect = connect;
    this.#options = options;
    this.#target = target;
    this.#context = context;
    this.suspensions = new Suspensions((event) => context.report(event));
    this.#end = end;
  }

  /** Resolves at the first `established`, without a deadline. Rejects when `context.signal` aborts before. */
  async open(): Promise<void> {
    const { signal } = this.#context;
    const giveUp = (): void => this.#opened.reject(this.#lastProblem ?? tooSlow(this.#target, 'until it was given up'));
    if (signal.aborted) giveUp();
    else this.#attempt();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await this.#opened.promise;
    } catch (thrown) {
      await this.close();
      throw thrown;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** To be called when the end works over this connection. Only the first call per connection counts. */
  established(detail: string): void {
    if (this.#isEstablished) return;
    this.#isEstablished = true;
    const { address, clientId, protocol } = this.#target;
    this.#context.report({ kind: 'connected', detail: `${address} as ${clientId}, MQTT ${protocol}, ${detail}` });
    this.#opened.resolve();
  }

  /** Reports a problem of the connection. With `drop` it ends the connection, and the next one is made. */
  reportProblem(error: SluiceError, drop: boolean): void {
    this.#lastProblem = error;
    this.#context.report({ kind: 'problem', error });
    if (!drop) return;
    this.#isRefused = true;
    this.#client?.stream.destroy();
  }

  /** Ends an open connection, and makes another. */
  renew(why: string): void {
    this.#renewal = why;
    this.#client?.stream.destroy();
  }

  /** Sends DISCONNECT, so that earlier writes arrive, and closes within little more than 2 s. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    if (client === undefined) return;
    const stream = client.stream as Duplex;
    if (this.#isUp) {
      // Received bytes are read and dropped: a socket that closes with unread bytes resets, and the peer may lose the last packets.
      stream.unpipe();
      stream.resume();
      stream.end(DISCONNECT);
    } else stream.destroy();
    await withDeadline(this.#gone, CLOSE_MS, () => new Error('slow to close')).catch(() => stream.destroy());
  }

  #attempt(): void {
    let client: MqttClient;
    try {
      client = this.#connect(this.#options());
    } catch (thrown) {
      // The TLS context is made synchronously: an unreadable certificate throws here.
      this.#ended(thrown instanceof Error ? thrown : new Error(String(thrown)));
      return;
    }
    this.#client = client;
    const connection = new Connection(client);
    let failure: Error | undefined;
    let reason: number | undefined;
    const answered = whenSlow(() => this.reportProblem(tooSlow(this.#target, `for ${SLOW_MS / 1000} s`), false));
    client.on('error', (error) => {
      failure ??= error;
      // Each error of the client ends the connection: after a malformed packet the client would read on.
      client.stream.destroy();
    });
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'connack' && !isRefusal(packet) && !this.#isUp) {
        answered();
        this.#upAtMs = performance.now();
        this.#isUp = true;
        this.#end.up({ connection, connack: packet });
      } else if (packet.cmd === 'disconnect') reason = packet.reasonCode;
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gone = promise;
    client.once('close', () => {
      answered();
      this.#client = undefined;
      this.#ended(failure, reason);
      resolve();
    });
    this.#end.attach(connection);
  }

  #ended(failure: Error | undefined, reason?: number): void {
    const wasUp = this.#isUp;
    const wasUseful = wasUp && this.#end.down(reason);
    this.#isUp = false;
    if (this.#isClosing) return;
    if (wasUp) this.#lost(wasUseful, failure, reason);
    else this.reportProblem(connectFailure(this.#target, failure), false);
    this.#isEstablished = false;
    this.#isRefused = false;
    this.#renewal = undefined;
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#attempt(), backoffMs(BACKOFF, this.#failures));
  }

  #lost(wasUseful: boolean, failure: Error | undefined, reason: number | undefined): void {
    const wasLong = performance.now() - this.#upAtMs > SHORT_MS;
    if (wasLong || (wasUseful && reason !== SESSION_TAKEN_OVER)) this.#failures = 0;
    if (this.#isEstablished) {
      const said = reason === undefined ? (failure?.message ?? 'the connection ended') : disconnectText(reason);
      const detail = `${this.#target.address}: ${this.#renewal ?? said}`;
      this.#context.report({ kind: 'disconnected', detail, renewed: this.#renewal !== undefined });
    } else if (!this.#isRefused) this.reportProblem(connectionLost(this.#target, failure, reason), false);
    this.#shortEnds = wasLong || failure !== undefined || reason !== undefined ? 0 : this.#shortEnds + 1;
    if (reason === SESSION_TAKEN_OVER || this.#shortEnds === SHORT_ENDS) this.#takenOver();
  }

  #takenOver(): void {
    const sure = 'another client took over the client id';
    const likely = `the server ended ${SHORT_ENDS} connections soon after they began: another client may use the client id`;
    const what = this.#shortEnds === SHORT_ENDS ? likely : sure;
    const text = `${what} ${this.#target.clientId}. Is this pipeline running twice? Give one of them another clientId`;
    this.reportProblem(problem(this.#target, 'BUS_SETTING', text, undefined), false);
  }
}

function isRefusal(packet: IConnackPacket): boolean {
  return (packet.reasonCode ?? packet.returnCode ?? 0) !== 0;
}

function disconnectText(reason: number): string {
  return `the server ended the connection, reason 0x${reason.toString(16).padStart(2, '0')}`;
}
