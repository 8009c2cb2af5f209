import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Channel, type ConfirmChannel, connect } from 'amqplib';
import { pathOf } from '../harness/provide.ts';
import type { RabbitMq } from '../harness/rabbitmq.ts';

const run = promisify(execFile);
export const PASSWORD = 'geheim';

/** One of each kind of end: queue, exchange, dead letters, a class with a fence, and a connection that creates. */
export function pipeline(url: string): object {
  return {
    name: 'guarded',
    buses: {
      work: { bus: 'rabbitmq', url, username: 'bridge', password: 'env:PW' },
      made: { bus: 'rabbitmq', url, username: 'maker', password: 'env:PW', create: true },
    },
    routes: [
      {
        name: 'orders',
        from: { bus: 'work', queue: 'orders' },
        to: { bus: 'work', exchange: 'tasks', routingKey: 'tasks.{header.kind}' },
        deadLetter: { bus: 'work', exchange: 'letters', routingKey: 'letters.{route}' },
      },
      {
        name: 'signals',
        class: 'telemetry',
        from: { bus: 'work', queue: 'signals', key: '{body.id}' },
        to: { bus: 'work', exchange: 'seen' },
      },
      {
        name: 'made',
        from: { bus: 'made', exchange: 'inbox', exchangeType: 'topic', bind: [{ routingKey: 'in.*' }] },
        to: { bus: 'made', queue: 'made-out' },
      },
    ],
  };
}

/** Runs the text as a shell does, with the node's own rabbitmqctl: the users, each in a paragraph, at the same time. */
export async function runCommands(broker: RabbitMq, text: string): Promise<void> {
  const CTL = join(dirname(await pathOf('rabbitmq-server')), 'rabbitmqctl');
  const scripts = text.split('\n\n').map((part) => `set -e\nrabbitmqctl() { "$CTL" --quiet "$@"; }\n${part}`);
  await Promise.all(scripts.map((script) => run('sh', ['-c', script], { env: { ...broker.facts.env, CTL } })));
}

/** Asks the management API, which takes milliseconds where rabbitmqctl takes a second. */
export async function manage(
  broker: RabbitMq,
  method: 'PUT' | 'DELETE',
  path: string,
  value: object = {},
): Promise<void> {
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  const answer = await fetch(`${broker.managementUrl}/api/${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(value),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}`);
}

export interface Administrator extends AsyncDisposable {
  readonly channel: ConfirmChannel;
  /** Declares what the pipeline needs, and what others have. */
  prepare(): Promise<void>;
}

export async function administrator(broker: RabbitMq): Promise<Administrator> {
  const connection = await connect(broker.url);
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  return {
    channel,
    async prepare() {
      for (const queue of ['orders', 'signals', 'tasks-kept', 'letters-kept', 'seen-kept', 'other'])
        await channel.assertQueue(queue);
      for (const [exchange, type] of Object.entries({
        tasks: 'topic',
        letters: 'topic',
        seen: 'fanout',
        foreign: 'topic',
      })) {
        await channel.assertExchange(exchange, type);
        if (exchange !== 'foreign') await channel.bindQueue(`${exchange}-kept`, exchange, '#');
      }
      channel.sendToQueue('other', Buffer.from('secret'), { persistent: true });
      await channel.waitForConfirms();
    },
    async [Symbol.asyncDispose]() {
      await connection.close().catch(() => {});
    },
  };
}

type Outcome = 'refused' | 'granted';

/** Whether the server refuses what is asked of it on a channel of its own: 403. */
export async function asked(
  broker: RabbitMq,
  user: string,
  question: (channel: ConfirmChannel) => Promise<unknown>,
): Promise<Outcome> {
  const { host } = new URL(broker.url);
  const connection = await connect(`amqp://${user}:${PASSWORD}@${host}`);
  let code = 0;
  connection.on('error', (error: { code?: number }) => (code = error.code ?? 0));
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', (error: { code?: number }) => (code = error.code ?? 0));
    await question(channel).catch((error: { code?: number }) => (code ||= error.code ?? 0));
    await new Promise((resolve) => setImmediate(resolve));
    return code === 403 ? 'refused' : 'granted';
  } finally {
    await connection.close().catch(() => {});
  }
}

/** Every operation that the user of the pipeline must not be able to do, by name. */
export function intruder(broker: RabbitMq, user: string): Readonly<Record<string, () => Promise<Outcome>>> {
  const { host } = new URL(broker.url);
  const ask = (question: (channel: ConfirmChannel) => Promise<unknown>) => () => asked(broker, user, question);
  const publishing = (exchange: string, key: string) =>
    ask(async (channel) => {
      channel.publish(exchange, key, Buffer.from('x'));
      await channel.waitForConfirms();
    });
  const reading = (queue: string) => ask((channel: Channel) => channel.consume(queue, () => {}));
  const connecting = (url: string) => () =>
    connect(url).then(
      async (connection) => {
        await connection.close();
        return 'granted' as const;
      },
      () => 'refused' as const,
    );
  return {
    'publish to a queue by its name': publishing('', 'other'),
    'publish to its own queue': publishing('', 'orders'),
    'publish to the exchange of another': publishing('foreign', 'x'),
    'publish to a predeclared exchange': publishing('amq.topic', 'x'),
    'publish to amq.direct': publishing('amq.direct', 'x'),
    'publish to amq.fanout': publishing('amq.fanout', 'x'),
    'publish with another routing key': publishing('tasks', 'letters.orders'),
    'publish with a shorter routing key': publishing('tasks', 'tasks'),
    'publish with a longer routing key': publishing('tasks', 'tasks.a.b'),
    'publish a dead letter of another route': publishing('letters', 'letters.signals'),
    'read another queue': reading('other'),
    'read where it writes': reading('tasks-kept'),
    'read its dead letters': reading('letters-kept'),
    'read the queue of the other user': reading('guarded.made'),
    'get from another queue': ask((channel) => channel.get('other')),
    'get its dead letters': ask((channel) => channel.get('letters-kept')),
    'purge another queue': ask((channel) => channel.purgeQueue('other')),
    'purge where it writes': ask((channel) => channel.purgeQueue('tasks-kept')),
    'delete another queue': ask((channel) => channel.deleteQueue('other')),
    'delete its own queue': ask((channel) => channel.deleteQueue('orders')),
    'delete where it writes': ask((channel) => channel.deleteQueue('tasks-kept')),
    'declare a queue': ask((channel) => channel.assertQueue('new')),
    'declare its own queue again': ask((channel) => channel.assertQueue('orders')),
    'declare a queue of its own name': ask((channel) => channel.assertQueue('')),
    'declare an exclusive queue': ask((channel) => channel.assertQueue('spy', { exclusive: true })),
    'declare what only begins like a fence': ask((channel) => channel.assertQueue('sluice-fence-00')),
    'declare an exchange': ask((channel) => channel.assertExchange('new', 'fanout')),
    'declare its own exchange again': ask((channel) => channel.assertExchange('tasks', 'topic')),
    'delete its own exchange': ask((channel) => channel.deleteExchange('tasks')),
    'delete the exchange of another': ask((channel) => channel.deleteExchange('foreign')),
    'bind its queue to the exchange of another': ask((channel) => channel.bindQueue('orders', 'foreign', '#')),
    'bind its queue to its exchange': ask((channel) => channel.bindQueue('orders', 'tasks', '#')),
    'bind the queue of another': ask((channel) => channel.bindQueue('other', 'tasks', '#')),
    'unbind its queue': ask((channel) => channel.unbindQueue('tasks-kept', 'tasks', '#')),
    'bind its exchange to another': ask((channel) => channel.bindExchange('foreign', 'tasks', '#')),
    'bind another exchange to its own': ask((channel) => channel.bindExchange('tasks', 'foreign', '#')),
    'listen to what the server logs': ask((channel) => channel.bindQueue('orders', 'amq.rabbitmq.trace', '#')),
    'enter another virtual host': connecting(`amqp://${user}:${PASSWORD}@${host}/elsewhere`),
    'enter with a wrong password': connecting(`amqp://${user}:wrong@${host}`),
    'enter as a user that does not exist': connecting(`amqp://nobody:${PASSWORD}@${host}`),
    'ask the management API': async () => {
      const authorization = `Basic ${Buffer.from(`${user}:${PASSWORD}`).toString('base64')}`;
      const answer = await fetch(`${broker.managementUrl}/api/queues`, { headers: { authorization } });
      await answer.body?.cancel();
      return answer.status === 401 ? 'refused' : 'granted';
    },
  };
}
