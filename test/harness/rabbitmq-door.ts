import { rabbitMqCtl } from './rabbitmq-node.ts';

/** What a user may do in a virtual host: expressions over names. Default: everything. */
export interface Permissions {
  readonly vhost?: string;
  readonly configure?: string;
  readonly write?: string;
  readonly read?: string;
}

/** What a test asks of a node with a user guest/guest. */
export interface RabbitMqDoor {
  readonly url: string;
  /** Of the management plugin; undefined where the node was started without it. */
  readonly managementUrl: string | undefined;
  /** What rabbitmqctl prints. Rejects with what it complains of. About 0.5 s, of the processor too. */
  readonly ctl: (...args: readonly string[]) => Promise<string>;
  /** A virtual host of its own for guest: the URL. A test that takes one can share the server. */
  readonly freshVhost: () => Promise<string>;
  /** Adds the user, or changes the password and permissions of one who exists. */
  readonly setUser: (name: string, password: string, permissions?: Permissions) => Promise<void>;
  /** Closes every client's connection from the server's side; with a URL those to its virtual host. */
  readonly closeConnections: (reason?: string, url?: string) => Promise<void>;
}

/** How a node is reached, also by another process than the one that started it. */
export interface RabbitMqFacts {
  readonly port: number;
  readonly managementPort: number | undefined;
  /** In which rabbitmqctl finds the node. */
  readonly env: NodeJS.ProcessEnv;
}

const EVERYTHING = '.*';
const GUEST = `Basic ${Buffer.from('guest:guest').toString('base64')}`;

let vhosts = 0;

/** The virtual host that a URL names, decoded. */
export function vhostOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || '/';
}

async function put(url: string, value: object = {}): Promise<void> {
  const answer = await fetch(url, {
    method: 'PUT',
    headers: { authorization: GUEST, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(value),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`PUT ${url} was answered ${answer.status}`);
}

export function rabbitMqDoor({ port, managementPort, env }: RabbitMqFacts): RabbitMqDoor {
  const url = `amqp://127.0.0.1:${port}`;
  const managementUrl = managementPort === undefined ? undefined : `http://127.0.0.1:${managementPort}`;
  const ctl = (...args: readonly string[]): Promise<string> => rabbitMqCtl(env, args);
  return {
    url,
    managementUrl,
    ctl,
    async freshVhost() {
      vhosts += 1;
      const vhost = `test-${process.pid}-${vhosts}`;
      // Who asks the plugin for one may do everything in it; the other way takes half a second of the processor.
      if (managementUrl !== undefined) await put(`${managementUrl}/api/vhosts/${vhost}`);
      else {
        await ctl('add_vhost', vhost);
        await ctl('set_permissions', '-p', vhost, 'guest', EVERYTHING, EVERYTHING, EVERYTHING);
      }
      return `${url}/${vhost}`;
    },
    async setUser(name, password, permissions = {}) {
      const { vhost = '/', configure = EVERYTHING, write = EVERYTHING, read = EVERYTHING } = permissions;
      if (managementUrl !== undefined) {
        await put(`${managementUrl}/api/users/${name}`, { password, tags: '' });
        const place = `${encodeURIComponent(vhost)}/${name}`;
        return put(`${managementUrl}/api/permissions/${place}`, { configure, write, read });
      }
      await ctl('add_user', name, password).catch(() => ctl('change_password', name, password));
      await ctl('set_permissions', '-p', vhost, name, configure, write, read);
    },
    async closeConnections(reason = 'closed by the test', within) {
      const which = within === undefined ? [] : ['--vhost', vhostOf(within)];
      await ctl('close_all_connections', ...which, reason);
    },
  };
}
