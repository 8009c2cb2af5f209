import type { BusContext } from '#contract/bus.ts';
import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import { durationMs } from '#kit/quantity.ts';
import type { RabbitConnection } from '../options.ts';

/** One node, parsed from its URL. */
export interface Node {
  readonly secure: boolean;
  /** An IPv6 address has no brackets here. */
  readonly host: string;
  readonly port: number;
  /** Decoded. */
  readonly vhost: string;
  /** The path as in the URL: the client decodes it itself. */
  readonly encodedVhost: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Without credentials: for logs and errors. */
  readonly shown: string;
}

/** The nodes of a connection and its name. */
export interface Target {
  /** The connection's name in the pipeline file. */
  readonly connection: string;
  readonly route: string;
  readonly nodes: readonly Node[];
  /** The connection's name in the monitoring of the server. */
  readonly name: string;
  readonly timeoutMs: number;
}

/** Undefined for text that is not an AMQP URL. */
export function parseNode(text: string): Node | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^amqps?:$/.test(url.protocol) || url.hostname === '') return undefined;
  const secure = url.protocol === 'amqps:';
  const port = url.port === '' ? (secure ? 5671 : 5672) : Number(url.port);
  const encodedVhost = url.pathname.slice(1) === '' ? '%2F' : url.pathname.slice(1);
  try {
    const vhost = decodeURIComponent(encodedVhost);
    return {
      secure,
      host: url.hostname.replaceAll(/^\[|\]$/g, ''),
      port,
      vhost,
      encodedVhost,
      username: url.username === '' ? undefined : decodeURIComponent(url.username),
      password: url.password === '' ? undefined : decodeURIComponent(url.password),
      shown: `${url.protocol}//${url.hostname}:${port}, virtual host ${vhost}`,
    };
  } catch {
    // A lone percent sign.
    return undefined;
  }
}

export function urlsOf({ url }: RabbitConnection): readonly string[] {
  return typeof url === 'string' ? [url] : url;
}

/** The node with the present user and password of its URL. */
export function withIdentity(node: Node, connection: RabbitConnection): Node {
  const now = urlsOf(connection)
    .map(parseNode)
    .find((each) => each?.shown === node.shown);
  return now ?? node;
}

export function targetOf(connection: RabbitConnection, context: BusContext): Target {
  const { pipeline, route, direction } = context;
  return {
    connection: context.connection,
    route,
    nodes: urlsOf(connection)
      .map(parseNode)
      .filter((node) => node !== undefined),
    name: `sluice/${pipeline}/${route}/${direction}`,
    timeoutMs: durationMs(connection.connectTimeout),
  };
}

/** An error with connection and route; the text names the connection. */
export function errorAt({ connection, route }: Target, code: ErrorCode, text: string, cause?: unknown): SluiceError {
  return new SluiceError(code, `${connection}: ${text}`, { place: { bus: connection, route }, cause });
}
