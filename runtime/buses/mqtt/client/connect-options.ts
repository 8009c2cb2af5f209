import type { IClientOptions } from 'mqtt';
import type { BusContext } from '#contract/bus.ts';
import { durationMs } from '#kit/quantity.ts';
import type { Target } from './connect-failure.ts';
import type { MqttConnection } from '../options.ts';

/** The target of `connection`. Its client id is the same after every restart, so that the server finds the session. */
export function targetOf(connection: MqttConnection, context: BusContext): Target {
  const { protocol, host } = new URL(connection.url);
  const { pipeline, route, direction } = context;
  return {
    connection: context.connection,
    address: `${protocol}//${host}`,
    protocol: connection.protocol,
    clientId: `${connection.clientId}-${pipeline}_${route}-${direction}`,
  };
}

/**
 * The client's options for one connection to `target`, with the present identity of `connection`. Sessions, subscriptions,
 * acknowledgements and reconnects are handled by the driver.
 */
export function clientOptions(connection: MqttConnection, target: Target): IClientOptions {
  const { protocol, hostname, port } = new URL(target.address);
  const { username, password, pathname, search } = new URL(connection.url);
  const scheme = schemeOf(protocol);
  const isWeb = scheme === 'ws' || scheme === 'wss';
  const user = connection.username ?? decodeURIComponent(username);
  const secret = connection.password ?? decodeURIComponent(password);
  const { tls } = connection;
  return {
    protocol: scheme,
    // The client builds a URL only for WebSocket, and there an IPv6 address needs its brackets.
    hostname: isWeb ? hostname : hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port === '' ? {} : { port: Number(port) }),
    ...(isWeb ? { path: `${pathname}${search}` } : {}),
    ...(user === '' ? {} : { username: user }),
    ...(secret === '' ? {} : { password: secret }),
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    ...(tls?.serverName === undefined
      ? {}
      : { servername: tls.serverName, wsOptions: { servername: tls.serverName } as Record<string, unknown> }),
    rejectUnauthorized: true,
    protocolVersion: target.protocol === '5' ? 5 : 4,
    clientId: target.clientId,
    // The protocol counts whole seconds in two bytes.
    keepalive: Math.ceil(durationMs(connection.keepAlive) / 1000),
    connectTimeout: durationMs(connection.connectTimeout),
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // Otherwise the client resets a timer for every acknowledgement that arrives.
    reschedulePings: false,
    timerVariant: 'native',
    // Otherwise the client makes 65,536 buffers before its first packet, one for each number of two bytes.
    writeCache: false,
    log: () => undefined,
  };
}

function schemeOf(protocol: string): 'mqtt' | 'mqtts' | 'ws' | 'wss' {
  switch (protocol) {
    case 'mqtts:':
      return 'mqtts';
    case 'ws:':
      return 'ws';
    case 'wss:':
      return 'wss';
    default:
      return 'mqtt';
  }
}
