import { SluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import { durationMs } from '#kit/quantity.ts';
import type { NatsConnectionOptions } from '../options.ts';
import { dialer } from './dial.ts';
import type { NatsConnection } from './library.ts';
import { propertyOf } from './property.ts';

const ANSWER_MS = 3000;

/** A connection that finds out what its user may do. One call at a time. */
export interface AccessProbe {
  /** The permissions that the server lists for this user: null for none, so for everything. Undefined where it may not ask. */
  ownRights(): Promise<unknown>;
  mayPublish(subject: string, body: string): Promise<boolean>;
  maySubscribe(subject: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Rejects with a BUS_ code. */
export async function openProbe(options: NatsConnectionOptions): Promise<AccessProbe> {
  const door = await dialer(
    () => options,
    'sluice/acl',
    () => durationMs(options.connectTimeout),
  );
  const [server] = door.servers;
  if (server === undefined) throw new SluiceError('BUS_UNREACHABLE', 'no server to dial');
  const connection = await door.dial(server);
  const denied = new Set<string>();
  void watch(connection, denied);
  const settled = async (): Promise<void> => {
    await withDeadline(
      connection.flush(),
      ANSWER_MS,
      () => new SluiceError('BUS_UNREACHABLE', 'the server does not answer'),
    );
    // A denial arrives before the answer, and the client reports it a few microtasks later.
    await new Promise((resolve) => setImmediate(resolve));
  };
  const mayPublish = async (subject: string, body: string, reply?: string): Promise<boolean> => {
    denied.delete(subject);
    connection.publish(subject, body, reply === undefined ? {} : { reply });
    await settled();
    return !denied.has(subject);
  };
  return {
    async ownRights() {
      const answers = door.inbox();
      let answer: string | undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      const subscription = connection.subscribe(answers, {
        callback: (failure, message) => {
          answer = failure === null ? message.string() : undefined;
          resolve();
        },
      });
      const mayAsk = await mayPublish('$SYS.REQ.USER.INFO', '', answers);
      if (mayAsk) await withDeadline(promise, ANSWER_MS, () => new Error('no answer')).catch(() => {});
      if (!subscription.isClosed()) subscription.unsubscribe();
      if (answer === undefined) return undefined;
      const data = propertyOf(JSON.parse(answer), 'data');
      return data === undefined ? undefined : (propertyOf(data, 'permissions') ?? null);
    },
    mayPublish: (subject, body) => mayPublish(subject, body),
    async maySubscribe(subject) {
      let isDenied = false;
      const subscription = connection.subscribe(subject, {
        callback: (failure) => {
          if (failure !== null) isDenied = true;
        },
      });
      await settled();
      if (!isDenied && !subscription.isClosed()) subscription.unsubscribe();
      return !isDenied;
    },
    close: () => connection.close(),
  };
}

async function watch(connection: NatsConnection, denied: Set<string>): Promise<void> {
  for await (const status of connection.status()) {
    const error = status.type === 'error' ? status.error : undefined;
    if (error?.name !== 'PermissionViolationError') continue;
    if (propertyOf(error, 'operation') === 'publish') denied.add(String(propertyOf(error, 'subject')));
  }
}
