import { AckPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { natsClient } from '../harness/nats-client.ts';
import type { Nats } from '../harness/nats.ts';
import type { Project } from '../harness/project.ts';
import { configurationFor } from './sluice-acl.ts';

// Made with bcrypt at the lowest cost.
const HASH = '$2a$04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.';
export const PASSWORD = 'geheim';
process.env['NATS_PASSWORD_BRIDGE'] = HASH;
process.env['NATS_PASSWORD_MAKER'] = HASH;

const ADMIN = '{ user: admin, password: a }';

/** One of each kind of end: streams, dead letters, core subjects with a queue group, and a connection that creates. */
export function pipeline(url: string): object {
  const identity = { url, inboxPrefix: '_INBOX_bridge', user: 'bridge', password: 'env:PW' };
  return {
    name: 'guarded',
    buses: {
      hub: { bus: 'jetstream', ...identity },
      core: { bus: 'nats', ...identity },
      made: { bus: 'jetstream', url, user: 'maker', password: 'env:PW', inboxPrefix: '_INBOX_maker', create: true },
    },
    routes: [
      {
        name: 'orders',
        from: { bus: 'hub', stream: 'ORDERS', subjects: ['orders.*.new'] },
        to: { bus: 'hub', stream: 'TASKS', subject: 'tasks.{header.kind}' },
        deadLetter: { bus: 'hub', stream: 'LETTERS', subject: 'letters.{route}' },
      },
      {
        name: 'signals',
        from: { bus: 'core', subjects: ['signals.>'], queue: 'bridges' },
        to: { bus: 'core', subject: 'seen.{subject.1}' },
      },
      {
        name: 'made',
        from: { bus: 'made', stream: 'MADE', subjects: ['made.in'] },
        to: { bus: 'made', stream: 'MADE_OUT', subject: 'made.out' },
      },
    ],
  };
}

/** The configuration of `sluice acl`, with an administrator beside its users. */
export async function guarded(project: Project): Promise<string> {
  const file = project.write('pipelines/guarded.yaml', pipeline('nats://127.0.0.1:4222'));
  return (await configurationFor('nats', file)).replace('users: [', `users: [\n    ${ADMIN}`);
}

export interface Admin extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
}

export async function administrator({ url }: Nats): Promise<Admin> {
  const connection = await natsClient(url, { user: 'admin', pass: 'a', maxReconnectAttempts: -1 });
  const manager = await jetstreamManager(connection);
  return { connection, manager, [Symbol.asyncDispose]: () => connection.close() };
}

export async function makeStreams({ manager }: Admin): Promise<void> {
  for (const [name, subjects] of [
    ['ORDERS', 'orders.>'],
    ['TASKS', 'tasks.>'],
    ['LETTERS', 'letters.>'],
    ['OTHER', 'other.>'],
  ] as const) {
    await manager.streams.add({ name, subjects: [subjects], duplicate_window: 1_000_000_000 });
  }
  await manager.consumers.add('ORDERS', { durable_name: 'theirs', ack_policy: AckPolicy.Explicit });
  await manager.consumers.add('OTHER', { durable_name: 'theirs', ack_policy: AckPolicy.Explicit });
}

export const held = async ({ manager }: Admin, stream: string): Promise<number> =>
  (await manager.streams.info(stream)).state.messages;

/** A client with the identity of the pipeline. */
export async function intruder(broker: Nats): Promise<{
  publish(subject: string, body?: string): Promise<'refused' | 'granted'>;
  subscribe(subject: string, queue?: string): Promise<'refused' | 'granted'>;
  close(): Promise<void>;
}> {
  const connection = await natsClient(broker.url, { user: 'bridge', pass: PASSWORD, inboxPrefix: '_INBOX_bridge' });
  const denied = new Set<string>();
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error' && 'subject' in status.error) denied.add(String(status.error.subject));
    }
  })();
  const settled = async (): Promise<void> => {
    await connection.flush();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    async publish(subject, body = '') {
      denied.delete(subject);
      connection.publish(subject, body, { reply: '_INBOX_bridge.answers' });
      await settled();
      return denied.has(subject) ? 'refused' : 'granted';
    },
    async subscribe(subject, queue) {
      let isDenied = false;
      connection.subscribe(subject, {
        ...(queue !== undefined && { queue }),
        callback: (error) => {
          isDenied ||= error !== null;
        },
      });
      await settled();
      return isDenied ? 'refused' : 'granted';
    },
    close: () => connection.close(),
  };
}
