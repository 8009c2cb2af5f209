/** One server of a connection, parsed from its URL. */
export interface ServerUrl {
  /** An IPv6 address has no brackets here. */
  readonly host: string;
  readonly port: number;
  /** The scheme is `tls:`: never without encryption. */
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Without credentials: for logs and errors. */
  readonly shown: string;
}

const DEFAULT_PORT = 4222;

/** Undefined for text that is not a URL of scheme nats or tls. */
export function parseServerUrl(text: string): ServerUrl | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(nats|tls):$/.test(url.protocol) || url.hostname === '') return undefined;
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return {
    host: url.hostname.replaceAll(/^\[|\]$/g, ''),
    port,
    secure: url.protocol === 'tls:',
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    shown: `${url.protocol}//${url.hostname}:${port}`,
  };
}

/** The notation of the client. */
export function hostAndPort({ host, port }: ServerUrl): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The user name in the first URL that has one with a password; alone it would be a token. */
export function userInUrl(url: string | readonly string[]): string | undefined {
  const servers = (typeof url === 'string' ? [url] : url).map(parseServerUrl);
  return servers.find((server) => server?.user !== undefined && server.password !== undefined)?.user;
}
