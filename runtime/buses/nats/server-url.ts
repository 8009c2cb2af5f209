/** One server of a connection, as its URL names it. */
export interface ServerUrl {
  /** Without brackets where it is an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** `tls:`, that is never without encryption. */
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Without credentials: for logs and errors. */
  readonly shown: string;
}

const DEFAULT_PORT = 4222;

/** Undefined for text that is no URL of scheme nats or tls. */
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

/** As the client wants it. */
export function hostAndPort({ host, port }: ServerUrl): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
