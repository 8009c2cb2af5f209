import type { CheckLine } from '#contract/doctor.ts';
import type { SluiceError } from '#contract/errors.ts';

/** The connection that failed. */
export interface Failed {
  readonly connection: string;
  readonly options: object;
  readonly timeoutMs: number;
  /** Whether the server had answered before. */
  readonly isReached: boolean;
}

/** The line for a connection that cannot be made, with what to write into the pipeline file. `error` undefined: no answer in time. */
export function failureLine(
  { connection, options, timeoutMs, isReached }: Failed,
  error: SluiceError | undefined,
): CheckLine {
  const at = `buses.${connection}`;
  const servers = 'brokers' in options ? `${at}.brokers` : `${at}.url`;
  if (error === undefined) {
    const rest = isReached ? 'the server stopped answering' : 'nothing that speaks this protocol answers';
    return {
      code: 'REACHABLE',
      verdict: 'error',
      about: '',
      found: `${rest} (within ${timeoutMs} ms)`,
      write: `${servers} with host and port of the server; or --timeout 30s where the way to it is slow`,
    };
  }
  const line = (code: string, write: string): CheckLine => ({
    code,
    verdict: 'error',
    about: '',
    found: `${error.code} ${error.message}`,
    write,
  });
  const { code, message, remedy } = error;
  if (code === 'BUS_AUTH')
    return line('IDENTITY', `${at}: the identity that the server knows (${identityWords(options)})`);
  if (code === 'BUS_TLS') return line('TLS', tlsWords(at, servers, message));
  if (code === 'BUS_PROTOCOL')
    return line('REACHABLE', `${servers} with the port on which the server speaks this protocol`);
  // The server answers: a virtual host that this user may not enter.
  if (code === 'BUS_MISSING')
    return line('IDENTITY', `${servers} with a virtual host that exists, and the right of this user to it`);
  if (code === 'BUS_SETTING') return line('IDENTITY', `${at}: ${remedy}`);
  return line('REACHABLE', reachWords(servers, message));
}

function reachWords(servers: string, message: string): string {
  if (/host name/.test(message)) return `${servers} with a host name that this machine can resolve (getent hosts NAME)`;
  if (/refused/.test(message)) return `start the server, or ${servers} with the port on which it listens`;
  return `${servers} with host and port of the server, and its scheme (TLS or not)`;
}

function tlsWords(at: string, servers: string, message: string): string {
  if (/no TLS|not speak TLS/.test(message)) return `${servers} with the port for TLS, or without TLS`;
  if (/names another host|another name/.test(message))
    return `${servers} with the name in the certificate, or ${at}.tls: { serverName: NAME }`;
  if (/client certificate/.test(message)) return `${at}.tls: { cert: file:client.pem, key: file:client.key }`;
  return `${at}.tls: { ca: file:ca.pem } with the certificate of the authority that signed the server's`;
}

/** The identity options of the connection, as far as it has any. */
function identityWords(options: object): string {
  const names = ['user', 'username', 'password', 'token', 'nkey', 'creds', 'sasl', 'external', 'tls'].filter(
    (name) => name in options,
  );
  if (names.length > 0) return `check ${names.join(', ')}`;
  return 'brokers' in options ? 'give sasl' : 'give a user name and a password';
}
