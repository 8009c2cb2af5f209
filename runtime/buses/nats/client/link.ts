import { Socket } from 'node:net';
import type { NatsConnection, Status } from '@nats-io/transport-node';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import { connectionReader } from '#contract/connection-reader.ts';
import { asSluiceError, type ErrorCode, SluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import { Suspensions } from '../../support/suspensions.ts';
import { retryUntilReady } from '../../support/retry-until-ready.ts';
import { rotation } from '../../support/server-rotation.ts';
import { type Dialer, dialer } from './dial.ts';
import type { NatsConnectionOptions } from '../options.ts';
import { propertyOf } from './property.ts';
import { Wire } from './wire.ts';

const RETRY = { firstMs: 200, capMs: 5000 };
/** For the last flush and the end of the connection together. */
const CLOSE_MS = 2000;
const REPORT_AWAY_AFTER_MS = 5000;
const SLOW_MS = 4500;

/** A permission that the server denies. It reports each denied attempt out of band. */
export interface Denial {
  readonly operation: 'publish' | 'subscription';
  readonly subject: string;
}

/** The source or sink that uses the connection. No method may throw. */
export interface LinkListener {
  /** The connection is back after a loss. A new client connection has none of the earlier subscriptions. */
  up(connection: NatsConnection): void;
  /** The connection is lost. Unconfirmed publishes may be lost. */
  down(): void;
  denied(denial: Denial): void;
}

/** The connection of one end of one route. Reconnects on its own until it is closed. */
export class Link {
  readonly #context: BusContext;
  readonly #ended = new AbortController();
  #dialer: Dialer | undefined;
  #connection: NatsConnection | undefined;
  #wire: Wire | undefined;
  #listener: LinkListener | undefined;
  #lostAtMs: number | undefined;
  #isAwayReported = false;
  readonly suspensions: Suspensions;

  constructor(context: BusContext) {
    this.#context = context;
    this.suspensions = new Suspensions((event) => context.report(event));
  }

  get up(): boolean {
    return this.#connection !== undefined && this.#lostAtMs === undefined && !this.closed;
  }

  /** The present connection; undefined before `open`. */
  get connection(): NatsConnection | undefined {
    return this.#connection;
  }

  /** The wire of the present connection; undefined before `open`. */
  get wire(): Wire | undefined {
    return this.#wire;
  }

  /** A new subject for answers, without other use. Call it after `open`. */
  inbox(): string {
    if (this.#dialer === undefined) throw this.error('INTERNAL', 'an inbox was wanted before the connection');
    return this.#dialer.inbox();
  }

  get closed(): boolean {
    return this.#ended.signal.aborted;
  }

  /** Aborts when the link is closed. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** An error with connection and route; the text names the connection. */
  error(code: ErrorCode, text: string, cause?: unknown): SluiceError {
    const { connection: bus, route } = this.#context;
    return new SluiceError(code, `${bus}: ${text}`, { place: { bus, route }, cause });
  }

  problem(code: ErrorCode, text: string, cause?: unknown): void {
    this.#context.report({ kind: 'problem', error: this.error(code, text, cause) });
  }

  /** Drops a connection that is open, and makes another. */
  renew(why: string): void {
    if (!this.up) return;
    this.#lost(why, true);
    // It rejects only when the connection is closed, and then a new one is made too.
    this.#connection?.reconnect().catch(() => {});
    this.#destroySocket();
  }

  /** Retries until it is connected. Rejects only when context.signal aborts. */
  async open(options: EndOptions<NatsConnectionOptions, unknown>): Promise<NatsConnection> {
    const { pipeline, route, direction } = this.#context;
    this.#dialer = await dialer(connectionReader(options), `sluice/${pipeline}/${route}/${direction}`, () =>
      this.#reconnectDelayMs(),
    );
    return this.#connect(this.#context.signal);
  }

  /** Calls `listener.down` at once when the connection was lost since `open`. */
  listen(listener: LinkListener): void {
    this.#listener = listener;
    if (!this.up) listener.down();
  }

  /** Flushes the publishes within a deadline and closes. Idempotent. */
  async close(): Promise<void> {
    if (this.closed) return;
    const endMs = performance.now() + CLOSE_MS;
    if (this.up) this.#wire?.publisher.flush();
    const flushed = this.up ? this.#connection?.flush() : undefined;
    if (flushed !== undefined) await withDeadline(flushed, CLOSE_MS, late).catch(() => {});
    this.#ended.abort();
    if (this.#connection !== undefined) await closeConnection(this.#connection, endMs - performance.now());
  }

  async #connect(signal: AbortSignal): Promise<NatsConnection> {
    const servers = rotation(this.#dialer?.servers ?? []);
    let shown = '';
    const connection = await retryUntilReady({
      attempt: async () => {
        const server = servers.next().value;
        shown = server?.shown ?? '';
        if (this.#dialer === undefined || server === undefined)
          throw this.error('BUS_UNREACHABLE', 'no server to dial');
        return this.#dialer.dial(server);
      },
      backoff: RETRY,
      signal,
      isOver: () => this.closed,
      onFailure: (thrown) => {
        const { code, message, cause } = asSluiceError(thrown, 'BUS_UNREACHABLE');
        this.problem(code, message, cause);
      },
      onSlow: () => this.problem('BUS_UNREACHABLE', `${shown}: no answer yet; check url and the network`),
      slowMs: SLOW_MS,
      discard: (opened) => void closeConnection(opened),
      stopped: () => this.error('BUS_UNREACHABLE', 'gave up connecting: stopped'),
    });
    this.#connection = connection;
    this.#wire = new Wire(connection);
    this.#lostAtMs = undefined;
    void this.#watch(connection);
    this.#context.report({ kind: 'connected', detail: connection.getServer() });
    return connection;
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (this.closed) return;
      this.#onStatus(connection, status);
    }
    if (this.closed) return;
    // The client gives up for good only after an internal fault; without a new connection the route would stall.
    this.#lost('the client gave the connection up');
    await closeConnection(connection);
    const again = await this.#connect(this.signal).catch(() => undefined);
    if (again !== undefined) this.#listener?.up(again);
  }

  #onStatus(connection: NatsConnection, status: Status): void {
    if (status.type === 'disconnect') {
      this.#lost(`lost ${status.server}`);
    } else if (status.type === 'reconnect') {
      // The client reports it twice where an attempt and the connection before it end together.
      if (this.up) return;
      this.#lostAtMs = undefined;
      this.#context.report({ kind: 'connected', detail: status.server });
      this.#listener?.up(connection);
    } else if (status.type === 'staleConnection') {
      this.#lost('no answer to two probes');
      this.#destroySocket();
    } else if (status.type === 'reconnecting') {
      void this.#reportAway();
    } else if (status.type === 'error') {
      this.#refused(status.error);
    }
  }

  /** The client waits until its writes are sent: with a peer that reads nothing it would wait forever. */
  #destroySocket(): void {
    const socket = propertyOf(transportOf(this.#connection), 'socket');
    if (socket instanceof Socket) socket.destroy();
  }

  #lost(detail: string, renewed = false): void {
    if (this.#lostAtMs !== undefined) return;
    this.#lostAtMs = performance.now();
    this.#isAwayReported = false;
    this.#wire?.publisher.discard();
    this.#context.report({ kind: 'disconnected', detail, renewed });
    this.#listener?.down();
  }

  /** The client does not report why its attempts fail: a separate attempt finds the reason. */
  async #reportAway(): Promise<void> {
    if (this.#lostAtMs === undefined || this.#isAwayReported) return;
    const awayMs = performance.now() - this.#lostAtMs;
    if (awayMs < REPORT_AWAY_AFTER_MS) return;
    this.#isAwayReported = true;
    const away = `no connection for ${Math.round(awayMs / 1000)} s`;
    const servers = this.#dialer?.servers ?? [];
    const server = servers[Math.floor(Math.random() * servers.length)];
    try {
      const trial = server === undefined ? undefined : await this.#dialer?.dial(server);
      if (trial !== undefined) await closeConnection(trial);
      if (!this.up && !this.closed) this.problem('BUS_UNREACHABLE', `${away}; check that the server runs and url`);
    } catch (error) {
      const { code, message, cause } = asSluiceError(error, 'BUS_UNREACHABLE');
      // The server was reachable before: it is down, or the network drops its packets.
      const why = code === 'BUS_TLS' || code === 'BUS_AUTH' ? code : 'BUS_UNREACHABLE';
      if (!this.up && !this.closed) this.problem(why, `${away}; ${message}`, cause);
    }
  }

  #refused(error: Error): void {
    if (error.name === 'PermissionViolationError' && 'operation' in error && 'subject' in error) {
      const operation = error.operation === 'publish' ? 'publish' : 'subscription';
      this.#listener?.denied({ operation, subject: String(error.subject) });
    } else if (error.name === 'AuthorizationError' || error.name === 'UserAuthenticationExpiredError') {
      this.problem('BUS_AUTH', 'the server no longer accepts our identity', error);
    }
  }

  // A quarter of the time that the server has been away: short after a brief loss, long in an outage.
  #reconnectDelayMs(): number {
    const awayMs = this.#lostAtMs === undefined ? 0 : performance.now() - this.#lostAtMs;
    return Math.min(RETRY.capMs, Math.max(100, awayMs / 4)) * (0.75 + Math.random() / 2);
  }
}

async function closeConnection(connection: NatsConnection, withinMs = CLOSE_MS): Promise<void> {
  await withDeadline(connection.close(), withinMs, late).catch(() => {});
  // A client that is closed while it dials leaks the socket of that attempt, and a silent server would keep it open.
  const transport = transportOf(connection);
  const discard = propertyOf(transport, 'discard');
  if (typeof discard === 'function') Reflect.apply(discard, transport, []);
}

function transportOf(connection: NatsConnection | undefined): unknown {
  return propertyOf(propertyOf(connection, 'protocol'), 'transport');
}

function late(): Error {
  return new Error('not in time');
}
