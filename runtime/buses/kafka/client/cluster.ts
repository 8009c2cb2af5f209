import { readFile } from 'node:fs/promises';
import { connect as connectPlain, isIP, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import Cluster, { type Broker, type Connection } from 'kafkajs/src/cluster/index.js';
import loggers from 'kafkajs/src/loggers/index.js';
import definitions from 'kafkajs/src/protocol/requests/index.js';
import { pause } from '#kit/deadline.ts';
import { durationMs } from '#kit/quantity.ts';
import type { KafkaConnection } from '../options.ts';
import { ANSWER_MS, enforceDeadlines, replacedError } from './request-deadline.ts';
import { parseBroker, type SeedBroker } from '../seed-broker.ts';
import { BrokerHealth } from './broker-health.ts';

const TOKEN_TRIES = 5;
const TOKEN_AGAIN_MS = 50;
const METADATA_AGE_MS = 300_000;
const METADATA_VERSION = 6;
/** An empty list, and no topic is to be made. */
const NO_TOPICS = Buffer.alloc(5);
const READ_COMMITTED = 1;

type SocketListener = (address: string) => void;
type RenewalListener = (reason: string) => void;

/** kafkajs's cluster of one connection, mended. It connects when it must; nothing in it tries a second time by itself. */
export interface KafkaCluster {
  readonly client: Cluster;
  readonly isClosed: boolean;
  /** Called when an established connection has ended. */
  onLost(listener: SocketListener): void;
  /** Called when a connection was ended because an answer is overdue. */
  onRenewed(listener: RenewalListener): void;
  /** Ends every connection at once: requests that are open fail. */
  sever(): void;
  /** The same, for good. */
  close(): void;
}

/** Connects to nothing yet. `read` returns identity and TLS for each attempt to connect and each renewed authentication. */
export function makeCluster(read: () => KafkaConnection): KafkaCluster {
  const connection = read();
  const sockets = new Set<Socket>();
  let lost: SocketListener | undefined;
  let renewed: RenewalListener | undefined;
  let isClosed = false;
  const sever = (): void => {
    for (const socket of sockets) socket.destroy(new Error('closed'));
  };
  const connectMs = durationMs(connection.connectTimeout);
  const client = new Cluster({
    logger: loggers.createLogger({ level: 0, logCreator: () => () => {} }),
    retry: { retries: 0 },
    brokers: connection.brokers,
    clientId: connection.clientId,
    // Whether there is any; its options are read for each socket.
    ssl: connection.tls === undefined ? null : {},
    sasl: connection.sasl === undefined ? null : saslOptions(connection.sasl.mechanism, read),
    connectionTimeout: connectMs,
    authenticationTimeout: connectMs,
    requestTimeout: ANSWER_MS,
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_AGE_MS,
    allowAutoTopicCreation: false,
    isolationLevel: READ_COMMITTED,
    socketFactory({ host, port, ssl, onConnect }) {
      if (isClosed) return failedSocket(new Error('closed'));
      let socket: Socket;
      try {
        socket = openSocket({ host, port }, ssl === null ? null : tlsOptions(read()), onConnect);
      } catch (thrown) {
        // An invalid certificate or key: kafkajs would keep only the text of the error.
        return failedSocket(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 60_000);
      let wasConnected = false;
      // kafkajs gives up on a silent host and forgets the socket, which goes on trying.
      const tooLong = setTimeout(() => socket.destroy(new Error('no connection in time')), connectMs + 100);
      socket.once(ssl === null ? 'connect' : 'secureConnect', () => {
        wasConnected = true;
        clearTimeout(tooLong);
      });
      socket.once('close', () => {
        clearTimeout(tooLong);
        sockets.delete(socket);
        // kafkajs calls `unref` on a closed socket again and again, and each call would leave a listener.
        socket.unref = () => socket;
        if (wasConnected) lost?.(`${host}:${port}`);
      });
      return socket;
    },
  });
  patch(client, connection.brokers.map(parseBroker), (reason) => renewed?.(reason));
  return {
    client,
    get isClosed() {
      return isClosed;
    },
    onLost: (listener) => (lost = listener),
    onRenewed: (listener) => (renewed = listener),
    sever,
    close() {
      isClosed = true;
      sever();
    },
  };
}

function failedSocket(error: Error): Socket {
  const socket = new Socket();
  queueMicrotask(() => socket.destroy(error));
  return socket;
}

function openSocket(to: { host: string; port: number }, ssl: object | null, onConnect: () => void): Socket {
  if (ssl === null) return connectPlain(to, onConnect);
  return connectTls({ ...to, ...(isIP(to.host) === 0 ? { servername: to.host } : {}), ...ssl }, onConnect);
}

function tlsOptions({ tls }: KafkaConnection): object {
  const { ca, cert, key, serverName } = tls ?? {};
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert, key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

/** kafkajs reads user name, password or token from here for each authentication. */
function saslOptions(
  mechanism: NonNullable<KafkaConnection['sasl']>['mechanism'],
  read: () => KafkaConnection,
): object {
  if (mechanism !== 'oauthbearer') {
    return {
      mechanism,
      get username() {
        return read().sasl?.username;
      },
      get password() {
        return read().sasl?.password;
      },
    };
  }
  const value = async (): Promise<string> => {
    const { token, tokenFile } = read().sasl ?? {};
    return tokenFile === undefined ? (token ?? '') : tokenIn(tokenFile);
  };
  return { mechanism, oauthBearerProvider: async () => ({ value: await value() }) };
}

/** A writer may empty the file before it writes the new token. */
async function tokenIn(file: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const token = (await readFile(file, 'utf8')).trim();
    if (token !== '' || tries === TOKEN_TRIES) return token;
    await pause(TOKEN_AGAIN_MS);
  }
}

/** Replaces the methods of kafkajs that fail under faults. */
function patch(client: Cluster, seeds: readonly SeedBroker[], renewed: RenewalListener): void {
  const { brokerPool, connectionPoolBuilder } = client;
  const health = new BrokerHealth();
  const { createBroker } = brokerPool;
  brokerPool.createBroker = (options) => {
    const broker = createBroker(options);
    broker.metadata = (topics) => metadata(broker, topics);
    // kafkajs's own waits until every request is answered: a server that hangs would hold up each metadata lookup.
    broker.disconnect = async () => severBroker(broker, new Error('closed'));
    return broker;
  };
  const { findConnectedBroker } = brokerPool;
  brokerPool.findConnectedBroker = async () => {
    for (const nodeId of candidates(client, health)) {
      try {
        return await brokerPool.findBroker({ nodeId });
      } catch {
        // The next one may be there.
      }
    }
    return findConnectedBroker.call(brokerPool);
  };
  const { build } = connectionPoolBuilder;
  let next = Math.floor(Math.random() * seeds.length);
  connectionPoolBuilder.build = async (to) => {
    // Without a host kafkajs takes the text before the first colon of one of `brokers`, which breaks IPv6 addresses.
    const seed = seeds[next % seeds.length];
    if (to?.host === undefined) next += 1;
    const pool = await build(to?.host === undefined ? { ...to, ...seed } : to);
    for (const connection of pool.pool) {
      checkPendingOnly(connection);
      resetOnConnect(connection);
      enforceDeadlines(connection, health, renewed);
    }
    return pool;
  };
}

/** The servers in the order in which a request goes to that any of them can answer: healthy and connected ones first. kafkajs's own choice returns to a server that hangs. */
function candidates({ brokerPool }: Cluster, health: BrokerHealth): string[] {
  const badness = (broker: Broker): number => {
    const { host, port } = broker.connectionPool;
    return (health.isSuspect(`${host}:${port}`) ? 2 : 0) + (broker.isConnected() ? 0 : 1);
  };
  const rated = Object.entries(brokerPool.brokers).map(
    ([nodeId, broker]) => [nodeId, badness(broker) + Math.random() / 2] as const,
  );
  return rated.toSorted(([, a], [, b]) => a - b).map(([nodeId]) => nodeId);
}

/** kafkajs's own throws when one partition of a topic has no leader, and the others of the answer are lost. */
function metadata({ connectionPool }: Broker, topics: readonly string[]): ReturnType<Broker['metadata']> {
  const make = definitions.requests.Metadata.protocol({ version: METADATA_VERSION });
  const { request, response } = make({ topics, allowAutoTopicCreation: false });
  return connectionPool.send({
    // For kafkajs no topics means all of them.
    request: topics.length > 0 ? request : { ...request, encode: async () => ({ buf: NO_TOPICS, buffer: NO_TOPICS }) },
    response: { decode: (raw) => response.decode(raw), parse: async (answer) => answer },
  });
}

/** Every topic that the server shows to this client. */
export function allTopics({ connectionPool }: Broker): ReturnType<Broker['metadata']> {
  const make = definitions.requests.Metadata.protocol({ version: METADATA_VERSION });
  const { request, response } = make({ topics: [], allowAutoTopicCreation: false });
  return connectionPool.send({
    request,
    response: { decode: (raw) => response.decode(raw), parse: async (answer) => answer },
  });
}

/** kafkajs's own sets a timer for each answer with a negative time, and newer versions of Node warn of it. */
function checkPendingOnly({ requestQueue: queue }: Connection): void {
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length === 0 || queue.throttleCheckTimeoutId !== null) return;
    queue.throttleCheckTimeoutId = setTimeout(
      () => {
        queue.throttleCheckTimeoutId = null;
        queue.checkPendingRequests();
      },
      Math.max(10, queue.throttledUntil - Date.now()),
    );
  };
}

const SIZE_BYTES = 4;

/**
 * kafkajs keeps the half of an answer that a broken connection left, and takes the first bytes of the next connection for
 * its other half: every answer of that connection is misread.
 */
function resetOnConnect(connection: Connection): void {
  const connect = connection.connect.bind(connection);
  connection.connect = () => {
    if (!connection.isConnected()) {
      Object.assign(connection, { chunks: [], bytesBuffered: 0, bytesNeeded: SIZE_BYTES, authHandlers: null });
    }
    return connect();
  };
}

function severBroker({ connectionPool }: Broker, reason: Error): void {
  for (const { socket } of connectionPool.pool) socket?.destroy(reason);
}

/** Ends the connections to one server; its open requests fail. */
export function disconnectBroker(broker: Broker, reason: string): void {
  severBroker(broker, replacedError(reason));
}
