import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, foreignBroker, type Recipe, startBroker } from './broker.ts';
import { SERVER_VARIABLES } from './server-test.ts';
import type { ServerTls } from './nats.ts';
import { mqttAdmits } from './mqtt-probe.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { pathOf } from './provide.ts';
import { waitFor } from './wait-for.ts';

export interface MosquittoOptions {
  /**
   * What survives kill -9. `every-change`: all but the last change, at 1,600 messages/s. `on-demand` (default): what
   * an orderly stop or `saveNow` wrote, at full speed. `none`: nothing, not even over a stop.
   */
  readonly persistence?: 'every-change' | 'on-demand' | 'none';
  /** Unconfirmed messages towards one client: its side of receive maximum. Default 1000. */
  readonly maxInflight?: number;
  /** What it queues for one client before it drops without a word. Default 200,000. */
  readonly maxQueued?: number;
  /** Given: nobody else gets in. */
  readonly users?: Readonly<Record<string, string>>;
  /** Lines of an ACL file. */
  readonly acl?: string;
  readonly tls?: ServerTls;
  /** Further lines of the server's configuration. */
  readonly config?: string;
}

/** A mosquitto that can be told to write down what it holds. */
export interface Mosquitto extends Broker {
  /** Resolves once everything it held at the call is on disk: what a test must do before it kills one and expects it back. */
  saveNow(): Promise<void>;
  /** Other users than before, the first of them new; who is connected and no longer among them is thrown out. */
  setUsers(users: Readonly<Record<string, string>>): Promise<void>;
}

// The server's own format 7: PBKDF2 with SHA-512. Written here, so that its password tool need not be installed.
function hashed(password: string): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, 101, 64, 'sha512');
  return `$7$101$${salt.toString('base64')}$${hash.toString('base64')}`;
}

function writePasswords(folder: string, users: Readonly<Record<string, string>>): string {
  const file = join(folder, 'passwords');
  const entries = Object.entries(users).map(([user, password]) => `${user}:${hashed(password)}\n`);
  writeFileSync(file, entries.join(''), { mode: 0o600 });
  return file;
}

function configuration(options: MosquittoOptions, folder: string, port: number): string {
  const lines = [
    `max_inflight_messages ${options.maxInflight ?? 1000}`,
    `max_queued_messages ${options.maxQueued ?? 200_000}`,
    // Without it acknowledgements wait for the peer's delayed ACK: 223 messages/s at window 10.
    'set_tcp_nodelay true',
    'log_dest stdout',
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${options.users === undefined}`,
  ];
  // Started by root it would give up its rights to a user who cannot read the folder.
  if (process.getuid?.() === 0) lines.push('user root');
  const persistence = options.persistence ?? 'on-demand';
  if (persistence === 'none') lines.push('persistence false');
  else {
    lines.push('persistence true', `persistence_location ${folder}/data/`);
    const every = persistence === 'every-change';
    lines.push(`autosave_interval ${every ? 1 : 0}`, `autosave_on_changes ${every}`);
  }
  if (options.users !== undefined) {
    lines.push(`password_file ${writePasswords(folder, options.users)}`);
  }
  if (options.acl !== undefined) {
    writeFileSync(join(folder, 'acl'), `${options.acl}\n`, { mode: 0o600 });
    lines.push(`acl_file ${folder}/acl`);
  }
  if (options.tls !== undefined) {
    lines.push(`certfile ${options.tls.cert}`, `keyfile ${options.tls.key}`);
    if (options.tls.clientCa !== undefined) lines.push(`cafile ${options.tls.clientCa}`, 'require_certificate true');
  }
  return `${lines.join('\n')}\n${options.config ?? ''}\n`;
}

const SAVE_MS = 10_000;
const RELOAD_MS = 10_000;

/** A mosquitto, ready when its port is open. Without options it may be the one that SLUICE_MQTT_URL names. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const foreign = process.env[SERVER_VARIABLES.mosquitto];
  if (foreign !== undefined) {
    const broker = foreignBroker(foreign, SERVER_VARIABLES.mosquitto);
    return { ...broker, saveNow: () => broker.restart(), setUsers: () => broker.restart() };
  }
  const binary = await pathOf('mosquitto');
  let database = '';
  let home = '';
  let users = options.users;
  const recipe: Recipe = {
    name: 'mosquitto',
    scheme: options.tls === undefined ? 'mqtt' : 'mqtts',
    portCount: 1,
    prepare(folder, [port]) {
      mkdirSync(join(folder, 'data'), { recursive: true });
      database = join(folder, 'data', 'mosquitto.db');
      home = folder;
      const file = join(folder, 'mosquitto.conf');
      writeFileSync(file, configuration({ ...options, ...(users !== undefined && { users }) }, folder, port ?? 0));
      return { binary, args: ['-c', file] };
    },
    // Persistence is read before it opens.
    probe: ([port]) => portOpen(port ?? 0),
  };
  const broker = await startBroker(recipe);
  const written = (): number => statSync(database, { throwIfNoEntry: false })?.ino ?? 0;
  return Object.assign(broker, {
    async setUsers(others: Readonly<Record<string, string>>) {
      if (users === undefined) throw new Error('this mosquitto was started without users');
      users = others;
      writePasswords(home, others);
      const [user, password] = Object.entries(others)[0] ?? ['', ''];
      broker.signal('SIGHUP');
      // It writes its log when it pleases: so ask it.
      await waitFor(() => mqttAdmits(broker.port, user, password), RELOAD_MS, `mosquitto to know ${user}`);
    },
    async saveNow() {
      const before = written();
      broker.signal('SIGUSR1');
      // It writes a new file and renames it into place.
      await waitFor(() => ![0, before].includes(written()), SAVE_MS, 'mosquitto to save');
    },
  });
}
