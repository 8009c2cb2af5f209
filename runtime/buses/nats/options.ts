import type { OptionFlaw, OptionSchema } from '#contract/bus.ts';
import { TIMEOUT, durationOption, textOption, tlsOption } from '#kit/option-schema.ts';
import type { OptionsOf } from '../support/options-of.ts';
import { parseServerUrl } from './server-url.ts';

const SERVER_URL = {
  type: 'string',
  pattern: '^(nats|tls)://[^/]+/?$',
  examples: ['nats://127.0.0.1:4222'],
} as const;

export const connectionProperties = {
  url: {
    anyOf: [SERVER_URL, { type: 'array', minItems: 1, items: SERVER_URL }],
    description:
      'Where the server is: nats://HOST:PORT, or tls://HOST:PORT for never without encryption. A list names several servers of one cluster.',
  },
  user: textOption('Name of the user; needs password.'),
  password: textOption('Password of the user.'),
  token: textOption("The server's one token."),
  nkey: textOption("Seed of the user's NKey (SU...). Best as file:PATH or env:NAME."),
  creds: textOption('Content of a credentials file (JWT and seed). Write file:PATH.'),
  inboxPrefix: {
    type: 'string',
    pattern: '^[^\\s.*>$]+(\\.[^\\s.*>]+)*$',
    description:
      'What the subjects begin with on which the server answers. Default: _INBOX, which all clients share; with one of its own no other user needs the right to read what comes to this one.',
  },
  tls: tlsOption('TLS of the connection. The server is always verified.', 'the host of url'),
  connectTimeout: durationOption(
    '4s',
    TIMEOUT,
    'How long one attempt to connect may take. Attempts go on until one succeeds.',
  ),
  keepAlive: durationOption(
    '15s',
    { formatMinimum: '100ms', formatMaximum: '1h' },
    'How often the connection is probed. Two probes without an answer end it.',
  ),
} as const;

export const connectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: connectionProperties,
} as const satisfies OptionSchema;

/** A connection to NATS as the pipeline file describes it, checked against the schema, references resolved. */
export type NatsConnectionOptions = OptionsOf<typeof connectionSchema>;

/** What no schema can say of a connection. */
export function connectionFlaws(connection: NatsConnectionOptions): OptionFlaw[] {
  const flaws: OptionFlaw[] = [];
  const flaw = (path: readonly string[], expected: string, found: string, write: string): void => {
    flaws.push({ where: 'connection', path, expected, found, write });
  };
  const urls = typeof connection.url === 'string' ? [connection.url] : connection.url;
  if (urls.some((url) => parseServerUrl(url) === undefined)) {
    flaw(['url'], 'a URL of scheme nats or tls with a host', 'text that is none', 'url: nats://HOST:4222');
  }
  const identities = (['user', 'token', 'nkey', 'creds'] as const).filter((name) => connection[name] !== undefined);
  if (identities.length > 1) {
    flaw([identities[1] ?? 'user'], 'one identity', identities.join(' and '), `only ${identities[0]}`);
  }
  if ((connection.user === undefined) !== (connection.password === undefined)) {
    const [given, lacking] = connection.user === undefined ? ['password', 'user'] : ['user', 'password'];
    flaw([given], 'user and password together', `${given} alone`, `${lacking}: env:NAME`);
  }
  const { cert, key } = connection.tls ?? {};
  if ((cert === undefined) !== (key === undefined)) {
    const [given, lacking] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    flaw(['tls', given], 'tls.cert and tls.key together', `tls.${given} alone`, `${lacking}: file:PATH`);
  }
  return flaws;
}
