import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type * as Client from './library.ts';
import type { Authenticator, NatsConnection, NodeConnectionOptions, TlsOptions } from '@nats-io/transport-node';
import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import { durationMs } from '#kit/quantity.ts';
import { type ServerInfo, readServerInfo } from './server-info.ts';
import type { NatsConnectionOptions } from '../options.ts';
import { propertyOf } from './property.ts';
import { hostAndPort, parseServerUrl, type ServerUrl } from '../server-url.ts';

/** The prepared settings of a connection. */
export interface Dialer {
  readonly servers: readonly ServerUrl[];
  /** A new subject for answers, without other use. */
  inbox(): string;
  /** Makes one attempt at one server. Rejects with a BUS_ code and a text that names the server and the setting. */
  dial(server: ServerUrl): Promise<NatsConnection>;
}

/**
 * `read` returns identity and TLS for each attempt, also for those of the client itself. `name`: the connection's name in
 * the monitoring of the server. `delayMs`: the delay before a reconnect.
 */
export async function dialer(read: () => NatsConnectionOptions, name: string, delayMs: () => number): Promise<Dialer> {
  const client = await import('./library.ts');
  const options = read();
  const urls = typeof options.url === 'string' ? [options.url] : options.url;
  const servers = urls.map(parseServerUrl).filter((server) => server !== undefined);
  const timeoutMs = durationMs(options.connectTimeout);
  const secure = options.tls !== undefined || servers.some((server) => server.secure);
  const connecting: NodeConnectionOptions = {
    name,
    timeout: timeoutMs,
    pingInterval: durationMs(options.keepAlive),
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: delayMs,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(options.inboxPrefix !== undefined && { inboxPrefix: options.inboxPrefix }),
  };
  return {
    servers,
    inbox: () => client.createInbox(options.inboxPrefix),
    async dial(server) {
      const serverInfo = await readServerInfo(server, timeoutMs).catch((error: unknown) => {
        throw error instanceof SluiceError
          ? new SluiceError(error.code, `${server.shown}: ${error.message}; check url`)
          : error;
      });
      const now = read();
      const self = identityOf(now, client);
      if (self !== undefined) checkReadable(self);
      try {
        const connection = await client.connect({
          ...connecting,
          servers: [hostAndPort(server)],
          ...(self !== undefined && { authenticator: (nonce) => identityOf(read(), client)?.sign(nonce) }),
          ...(secure && { tls: tlsOf(read, servers) }),
        });
        connection.setServers(servers.map(hostAndPort));
        return connection;
      } catch (error) {
        const { code, text } = reasonOf(error, { serverInfo, options: now, secure, identity: self?.words });
        throw new SluiceError(code, `${server.shown}: ${text}`, { cause: error });
      }
    },
  };
}

interface Identity {
  /** The settings that make it, for errors. */
  readonly words: string;
  /** Throws when the setting cannot be read. */
  readonly sign: Authenticator;
}

/** Undefined when the connection has no credentials. */
function identityOf(options: NatsConnectionOptions, client: typeof Client): Identity | undefined {
  const bytes = new TextEncoder();
  const { url, user, password, token, nkey, creds } = options;
  if (creds !== undefined) return { words: 'creds', sign: client.credsAuthenticator(bytes.encode(creds)) };
  if (nkey !== undefined) return { words: 'nkey', sign: client.nkeyAuthenticator(bytes.encode(nkey.trim())) };
  if (token !== undefined) return { words: 'token', sign: client.tokenAuthenticator(token) };
  if (user !== undefined) {
    return { words: 'user and password', sign: client.usernamePasswordAuthenticator(user, password) };
  }
  const servers = (typeof url === 'string' ? [url] : url).map(parseServerUrl);
  const named = servers.find((server) => server?.user !== undefined);
  if (named?.user === undefined) return undefined;
  const { user: name, password: secret } = named;
  // All NATS clients read a user name without a password as the token.
  if (secret === undefined) return { words: 'the token in url', sign: client.tokenAuthenticator(name) };
  return { words: 'the user and password in url', sign: client.usernamePasswordAuthenticator(name, secret) };
}

/** An unreadable seed fails only when it signs, and then the client would close for good. */
function checkReadable({ words, sign }: Identity): void {
  try {
    sign('nonce');
  } catch {
    throw new SluiceError('BUS_AUTH', `the content of ${words} is not what NATS issues; check ${words}`);
  }
}

interface NodeTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  servername?: string;
  checkServerIdentity: typeof checkServerIdentity;
}

function tlsOf(read: () => NatsConnectionOptions, servers: readonly ServerUrl[]): TlsOptions {
  const serverName = read().tls?.serverName;
  const hosts = servers.map((server) => server.host);
  const made: NodeTls = {
    // The client reads them for each of its attempts.
    get ca() {
      return read().tls?.ca;
    },
    get cert() {
      return read().tls?.cert;
    },
    get key() {
      return read().tls?.key;
    },
    ...(serverName !== undefined && { servername: serverName }),
    checkServerIdentity(host: string, certificate: PeerCertificate) {
      // The client passes no name for a server that `url` names by its IP address. Node then checks the certificate against
      // `localhost`: any certificate for that name would pass.
      if (serverName !== undefined || host !== 'localhost' || hosts.includes('localhost')) {
        return checkServerIdentity(serverName ?? host, certificate);
      }
      const found = hosts.map((ip) => checkServerIdentity(ip, certificate));
      return found.includes(undefined) ? undefined : found[0];
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is absent may be undefined to Node's TLS, in which it ends
  return made as TlsOptions;
}

interface Circumstances {
  readonly serverInfo: ServerInfo;
  readonly options: NatsConnectionOptions;
  readonly secure: boolean;
  readonly identity: string | undefined;
}

function reasonOf(error: unknown, at: Circumstances): { code: ErrorCode; text: string } {
  const { name = '', message = String(error) } = error instanceof Error ? error : {};
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError') {
    if (at.identity === undefined) {
      return { code: 'BUS_AUTH', text: 'the server asks who we are; give user and password, token, nkey or creds' };
    }
    return { code: 'BUS_AUTH', text: `the server refused our identity; check ${at.identity}` };
  }
  if (at.secure && !at.serverInfo.tlsAvailable) {
    return { code: 'BUS_TLS', text: 'the server speaks no TLS; remove tls, or write nats:// in url' };
  }
  if (!(at.secure || at.serverInfo.tlsAvailable)) {
    return { code: 'BUS_UNREACHABLE', text: `the server greeted but did not go on (${message})` };
  }
  if (at.serverInfo.tlsVerify && at.options.tls?.cert === undefined) {
    return { code: 'BUS_TLS', text: 'the server asks for a client certificate; give tls.cert and tls.key' };
  }
  const code = propertyOf(error, 'code');
  return { code: 'BUS_TLS', text: tlsReason(typeof code === 'string' ? code : '', message) };
}

function tlsReason(code: string, message: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return "the server's certificate is for another name; check the host in url, or tls.serverName";
  }
  if (/SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_UNTRUSTED/.test(code)) {
    return `nobody we trust signed the server's certificate (${code}); check tls.ca`;
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `the server's certificate is out of date (${code})`;
  if (code.startsWith('ERR_OSSL') || /PEM|key values mismatch/i.test(message)) {
    return `tls.cert, tls.key or tls.ca cannot be read (${code === '' ? message : code})`;
  }
  return `the TLS handshake failed (${code === '' ? message : code}); check tls.cert, tls.key and tls.ca`;
}
