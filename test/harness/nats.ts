import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Broker, foreignBroker, type Recipe, startBroker } from './broker.ts';
import { SERVER_VARIABLES } from './server-test.ts';
import { healthy } from '../../runtime/infra/probe.ts';
import { pathOf } from './provide.ts';
import { waitFor } from './wait-for.ts';

/** What the server speaks TLS with; paths. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Given: clients must show a certificate that this CA signed. */
  readonly clientCa?: string;
}

export interface NatsOptions {
  /** Default true: file storage, kept over restarts. */
  readonly jetstream?: boolean;
  /** Where it listens. Default 127.0.0.1; with another one `url` leads nowhere. */
  readonly host?: string;
  /** Further lines of the server's configuration. */
  readonly config?: string;
  readonly tls?: ServerTls;
  readonly users?: readonly NatsUser[];
}

export interface NatsUser {
  readonly user: string;
  readonly password: string;
  readonly permissions?: string;
}

/** A nats-server whose users can change while it runs. */
export interface Nats extends Broker {
  /** Other users than those it was started with; who is connected and no longer among them is thrown out. */
  setUsers(users: readonly NatsUser[]): Promise<void>;
  /**
   * While it is down: what its consumers had delivered and heard of is gone, as after a kill before it was written. The
   * server writes that later than it tells it.
   */
  forgetDeliveries(): void;
  /** A backup of what lies on the disk; what it answers puts it back. Both while the server is down. */
  backUp(): () => void;
}

/** Where a consumer's deliveries and acknowledgements lie, below the folder of JetStream. */
const CONSUMER_STATE = 'o.dat';

const RELOAD_MS = 10_000;

function configuration(options: NatsOptions, folder: string, [port, monitor]: readonly number[]): string {
  const lines = [
    `server_name: sluice-test-${port}`,
    `listen: "${options.host ?? '127.0.0.1'}:${port}"`,
    `http: "127.0.0.1:${monitor}"`,
  ];
  if (options.jetstream ?? true) lines.push(`jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))} }`);
  if (options.tls !== undefined) {
    const { cert, key, clientCa } = options.tls;
    const clients = clientCa === undefined ? '' : `, ca_file: ${JSON.stringify(clientCa)}, verify: true`;
    lines.push(`tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)}, timeout: 5${clients} }`);
  }
  if (options.users !== undefined) {
    const users = options.users.map(
      ({ user, password, permissions }) =>
        `{ user: ${user}, password: ${JSON.stringify(password)}${permissions === undefined ? '' : `, permissions: ${permissions}`} }`,
    );
    lines.push(`authorization { users: [${users.join(', ')}] }`);
  }
  return `${lines.join('\n')}\n${options.config ?? ''}\n`;
}

/** A nats-server, ready when its health check says so. Without options it may be the one that SLUICE_NATS_URL names. */
export async function startNats(options: NatsOptions = {}): Promise<Nats> {
  const foreign = process.env[SERVER_VARIABLES.nats];
  if (foreign !== undefined) {
    const broker = foreignBroker(foreign, SERVER_VARIABLES.nats);
    return { ...broker, setUsers: () => broker.restart(), forgetDeliveries() {}, backUp: () => () => {} };
  }
  const binary = await pathOf('nats-server');
  let rewrite = (_users: readonly NatsUser[]): void => {};
  let storage = '';
  const recipe: Recipe = {
    name: 'nats',
    scheme: 'nats',
    portCount: 2,
    prepare(folder, ports) {
      const file = join(folder, 'nats.conf');
      storage = join(folder, 'jetstream');
      writeFileSync(file, configuration(options, folder, ports));
      rewrite = (users) => writeFileSync(file, configuration({ ...options, users }, folder, ports));
      return { binary, args: ['-c', file] };
    },
    // JetStream's recovery included; the port opens before it.
    probe: ([, monitor]) => healthy(`http://127.0.0.1:${monitor}/healthz`),
  };
  const broker = await startBroker(recipe);
  return Object.assign(broker, {
    forgetDeliveries() {
      for (const path of readdirSync(storage, { recursive: true, encoding: 'utf8' })) {
        if (basename(path) === CONSUMER_STATE) rmSync(join(storage, path));
      }
    },
    backUp() {
      const backup = `${storage}-backup`;
      cpSync(storage, backup, { recursive: true });
      return () => {
        rmSync(storage, { recursive: true });
        cpSync(backup, storage, { recursive: true });
      };
    },
    async setUsers(users: readonly NatsUser[]) {
      rewrite(users);
      const before = broker.log().length;
      broker.signal('SIGHUP');
      await waitFor(
        () => broker.log().slice(before).includes('Reloaded server configuration'),
        RELOAD_MS,
        'nats-server to reload',
      );
    },
  });
}
