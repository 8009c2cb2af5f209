import type { ParseArgsOptionsConfig } from 'node:util';
import type { AdminChoice } from '../host/admin-port.ts';
import { type Arguments, UsageError } from './command.ts';

/** Options of the admin port. No one of them holds the token: everyone on the machine can read the arguments of a process. */
export const ADMIN_OPTIONS = {
  admin: { type: 'string' },
  'admin-token-file': { type: 'string' },
  'admin-host': { type: 'string', multiple: true },
  'admin-write': { type: 'boolean' },
  'trace-url': { type: 'string' },
} as const satisfies ParseArgsOptionsConfig;

export const ADMIN_HELP = {
  '--admin HOST:PORT': "serve the operator's page, /status, probes and /metrics there (without HOST: at 127.0.0.1)",
  '--admin-token-file FILE': 'its token, which another host than 127.0.0.1 needs; or the variable SLUICE_ADMIN_TOKEN',
  '--admin-host NAME': 'a further name under which it is called, behind a proxy; may be given again',
  '--admin-write': 'the page may replay and discard dead letters',
  '--trace-url URL': 'of Jaeger, to which the page links traces: http://127.0.0.1:16686',
} as const;

/** Undefined without --admin. Throws UsageError. */
export function adminChoice(values: Arguments['values']): AdminChoice | undefined {
  const { admin, 'admin-token-file': tokenFile, 'admin-host': names, 'trace-url': traceUrl } = values;
  const isWritable = values['admin-write'] === true;
  if (typeof admin !== 'string') {
    const orphan = Object.keys(ADMIN_OPTIONS).find((name) => name !== 'admin' && values[name] !== undefined);
    if (orphan !== undefined) throw new UsageError(`expected --admin HOST:PORT beside --${orphan}, found none`);
    return undefined;
  }
  return {
    ...hostAndPort(admin),
    names: Array.isArray(names) ? names.map(String) : [],
    tokenFile: typeof tokenFile === 'string' ? tokenFile : undefined,
    isWritable,
    traceUrl: typeof traceUrl === 'string' ? webUrl(traceUrl) : undefined,
  };
}

/** Without a `/` at its end. Anything but http and https would be a script in a link. */
function webUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url.href.replace(/\/+$/, '');
  throw new UsageError(`expected --trace-url with a URL (http://127.0.0.1:16686), found ${text}`);
}

function hostAndPort(text: string): { host: string; port: number } {
  const found = /^(?:(?<host>[^:]+|\[[^\]]+\]):)?(?<port>\d{1,5})$/.exec(text)?.groups;
  const port = Number(found?.['port'] ?? 65_536);
  if (port > 65_535) throw new UsageError(`expected --admin HOST:PORT (127.0.0.1:9464), found ${text}`);
  // Without a host only this machine can read probes and metrics.
  return { host: found?.['host']?.replaceAll(/[[\]]/g, '') ?? '127.0.0.1', port };
}
