import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerTls } from './nats.ts';

export interface KafkaOptions {
  /** How many links to start, each with a plaintext listener behind it that advertises the link's port. Default 0. */
  readonly proxied?: number;
  /** The same with links that know requests and answers. Default 0. */
  readonly answerLinks?: number;
  /** Given: a listener with TLS, which asks for client certificates where a CA is named. Their user is the CN. */
  readonly tls?: ServerTls;
  /** A plaintext listener at ::1, which announces that address; its port is that of `url`. */
  readonly ipv6?: boolean;
  /** Given: a listener with SASL (and one with TLS and SASL): PLAIN, SCRAM-SHA-256 and -512 with these passwords, OAUTHBEARER with `unsecuredToken`. */
  readonly users?: Readonly<Record<string, string>>;
  /** Nobody but the plaintext listeners' clients may do anything that no ACL allows. Default false. */
  readonly acl?: boolean;
  /** Further properties, or others than the harness's own. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface KafkaPorts {
  readonly plain: number;
  readonly controller: number;
  readonly tls: number;
  readonly sasl: number;
  readonly saslTls: number;
  readonly proxied: readonly { readonly port: number; readonly advertised: number }[];
}

interface Listener {
  readonly name: string;
  readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  readonly port: number;
  readonly advertised?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

function listenersOf({ tls, users, ipv6 }: KafkaOptions, ports: KafkaPorts): Listener[] {
  const listeners: Listener[] = [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', port: ports.plain }];
  for (const [index, { port, advertised }] of ports.proxied.entries()) {
    listeners.push({ name: `PROXIED${index + 1}`, protocol: 'PLAINTEXT', port, advertised });
  }
  if (ipv6 === true) listeners.push({ name: 'IPV6', protocol: 'PLAINTEXT', port: ports.plain, host: '[::1]' });
  if (tls !== undefined) listeners.push({ name: 'SSL', protocol: 'SSL', port: ports.tls });
  if (users !== undefined) listeners.push({ name: 'SASL', protocol: 'SASL_PLAINTEXT', port: ports.sasl });
  if (tls !== undefined && users !== undefined) {
    listeners.push({ name: 'SASLSSL', protocol: 'SASL_SSL', port: ports.saslTls });
  }
  return listeners;
}

function tlsProperties(tls: ServerTls, folder: string): Record<string, string> {
  const keystore = join(folder, 'server-all.pem');
  writeFileSync(keystore, readFileSync(tls.key, 'utf8') + readFileSync(tls.cert, 'utf8'), { mode: 0o600 });
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keystore,
    'ssl.principal.mapping.rules': 'RULE:^.*CN=([^,]*).*$/$1/,DEFAULT',
    ...(tls.clientCa === undefined
      ? {}
      : { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': tls.clientCa, 'ssl.client.auth': 'required' }),
  };
}

function saslProperties(
  users: Readonly<Record<string, string>>,
  listeners: readonly Listener[],
): Record<string, string> {
  const security = 'org.apache.kafka.common.security';
  const passwords = Object.entries(users).map(([name, password]) => ` user_${name}="${password}"`);
  const modules = {
    PLAIN: `${security}.plain.PlainLoginModule required${passwords.join('')};`,
    'SCRAM-SHA-256': `${security}.scram.ScramLoginModule required;`,
    'SCRAM-SHA-512': `${security}.scram.ScramLoginModule required;`,
    // Without a handler of its own the server takes tokens that nobody signed: what a test can make.
    OAUTHBEARER: `${security}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="server";`,
  };
  const properties: Record<string, string> = { 'sasl.enabled.mechanisms': Object.keys(modules).join(',') };
  for (const { name } of listeners.filter(({ protocol }) => protocol.startsWith('SASL'))) {
    for (const [mechanism, line] of Object.entries(modules)) {
      properties[`listener.name.${name.toLowerCase()}.${mechanism.toLowerCase()}.sasl.jaas.config`] = line;
    }
  }
  return properties;
}

/** Of a node of a cluster: its number, and where the controllers of all are, by number. */
export interface KafkaSeat {
  readonly id: number;
  readonly controllers: ReadonlyMap<number, number>;
}

/** The file of a node that is controller and broker in one. */
export function serverProperties(
  options: KafkaOptions,
  folder: string,
  ports: KafkaPorts,
  seat: KafkaSeat = { id: 1, controllers: new Map([[1, ports.controller]]) },
): string {
  const listeners = listenersOf(options, ports);
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(seat.id),
    'controller.quorum.voters': [...seat.controllers].map(([id, port]) => `${id}@127.0.0.1:${port}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'data'),
    listeners: [...listeners, { name: 'CONTROLLER', port: ports.controller, host: undefined }]
      .map(({ name, port, host = '127.0.0.1' }) => `${name}://${host}:${port}`)
      .join(','),
    'advertised.listeners': listeners
      .map(({ name, port, advertised, host = '127.0.0.1' }) => `${name}://${host}:${advertised ?? port}`)
      .join(','),
    'listener.security.protocol.map': [...listeners, { name: 'CONTROLLER', protocol: 'PLAINTEXT' }]
      .map(({ name, protocol }) => `${name}:${protocol}`)
      .join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    // So that a test about a client that dies need not wait 6 s.
    'group.min.session.timeout.ms': '1000',
    // What a test writes with an old time would be deleted at the next look, 30 s after the start or 5 min later.
    'log.retention.ms': '-1',
    // 128 MB of the heap otherwise.
    'log.cleaner.dedupe.buffer.size': '4194304',
    'auto.create.topics.enable': 'false',
    // A killed node may register again only when its old registration has ended.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
  };
  if (options.tls !== undefined) Object.assign(properties, tlsProperties(options.tls, folder));
  if (options.users !== undefined) Object.assign(properties, saslProperties(options.users, listeners));
  if (options.acl ?? false) {
    properties['authorizer.class.name'] = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';
    properties['allow.everyone.if.no.acl.found'] = 'false';
    properties['super.users'] = 'User:ANONYMOUS';
  }
  Object.assign(properties, options.config);
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
