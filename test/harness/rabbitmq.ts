import { type Broker, type Recipe, startBroker } from './broker.ts';
import { portOpen } from './probe.ts';
import { pathOf } from './provide.ts';
import { type NodePorts, prepareNode, type RabbitMqOptions, rabbitMqCtl } from './rabbitmq-node.ts';
import { rabbitMqReady } from './rabbitmq-probe.ts';

/** What a user may do in a virtual host: expressions over names. Default: everything. */
export interface Permissions {
  readonly vhost?: string;
  readonly configure?: string;
  readonly write?: string;
  readonly read?: string;
}

/** One RabbitMQ node with a user guest/guest. */
export interface RabbitMq extends Broker {
  /** With TLS; without a port that answers where the options name none. */
  readonly tlsUrl: string;
  /** What rabbitmqctl prints. Rejects with what it complains of. About 0.5 s. */
  ctl(...args: readonly string[]): Promise<string>;
  /** A virtual host of its own for guest: the URL. A law that takes one can share the server. */
  freshVhost(): Promise<string>;
  /** Adds the user, or changes the password and permissions of one who exists. */
  setUser(name: string, password: string, permissions?: Permissions): Promise<void>;
  /**
   * Resolves once every queue and stream declared so far survives kill -9: what a law must do before it kills a node
   * that declared one less than some seconds ago. Their messages need no such thing once they are confirmed.
   */
  saveNow(): Promise<void>;
  /** The memory alarm: publishers are blocked and confirms withheld until `unblock`. */
  block(): Promise<void>;
  unblock(): Promise<void>;
  /** Closes every client's connection from the server's side. */
  closeConnections(reason?: string): Promise<void>;
}

const EVERYTHING = '.*';

/** A RabbitMQ node, ready when it answers an AMQP client's first bytes. About 4 s, 150 MB. */
export async function startRabbitMq(options: RabbitMqOptions = {}): Promise<RabbitMq> {
  const [server, epmd] = await Promise.all([pathOf('rabbitmq-server'), pathOf('epmd')]);
  let env: NodeJS.ProcessEnv = {};
  let tlsPort = 0;
  const named = ([amqp = 0, distribution = 0, names = 0, tls = 0]: readonly number[]): NodePorts => ({
    amqp,
    distribution,
    names,
    tls,
  });
  const recipe: Recipe = {
    name: 'rabbitmq',
    scheme: 'amqp',
    portCount: 4,
    // The server would start one as a daemon that outlives it.
    companion: (_folder, ports) => ({
      command: { binary: epmd, args: ['-port', String(named(ports).names), '-address', '127.0.0.1'] },
      probe: () => portOpen(named(ports).names),
    }),
    prepare(folder, ports) {
      tlsPort = named(ports).tls;
      env = prepareNode(options, folder, named(ports));
      return { binary: server, args: [], env };
    },
    probe: (ports) => rabbitMqReady(named(ports).amqp),
  };
  const broker = await startBroker(recipe);
  const ctl = (...args: readonly string[]): Promise<string> => rabbitMqCtl(env, args);
  let vhosts = 0;
  const own = {
    tlsUrl: `amqps://127.0.0.1:${tlsPort}`,
    ctl,
    async freshVhost() {
      vhosts += 1;
      const vhost = `law-${vhosts}`;
      await ctl('add_vhost', vhost);
      await ctl('set_permissions', '-p', vhost, 'guest', EVERYTHING, EVERYTHING, EVERYTHING);
      return `${broker.url}/${vhost}`;
    },
    async setUser(name: string, password: string, permissions: Permissions = {}) {
      const { vhost = '/', configure = EVERYTHING, write = EVERYTHING, read = EVERYTHING } = permissions;
      await ctl('add_user', name, password).catch(() => ctl('change_password', name, password));
      await ctl('set_permissions', '-p', vhost, name, configure, write, read);
    },
    async saveNow() {
      // Where its log of a quorum queue or stream is on disk a node keeps in tables that it writes after 3 s; without
      // that entry a queue comes back and never answers.
      await ctl('eval', '[ok = dets:sync(Table) || Table <- dets:all()].');
    },
    async block() {
      await ctl('set_vm_memory_high_watermark', '0.00001');
    },
    async unblock() {
      await ctl('set_vm_memory_high_watermark', 'absolute', '1GB');
    },
    async closeConnections(reason = 'closed by the test') {
      await ctl('close_all_connections', reason);
    },
  };
  try {
    for (const [name, password] of Object.entries(options.users ?? {})) await own.setUser(name, password);
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
  return Object.assign(broker, own);
}
