import { SluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import type { NatsConnectionOptions } from '../options.ts';
import { dialer } from './dial.ts';
import type { JetStreamManager, NatsConnection } from './library.ts';
import { propertyOf } from './property.ts';

/** The answer of a server about the user that asks. */
export interface UserInfo {
  readonly user: string | undefined;
  readonly account: string | undefined;
  /** The server's clock; undefined where it is not told. */
  readonly serverMs: number | undefined;
}

export interface DoctorProbe {
  readonly shown: string;
  readonly version: string;
  readonly maxPayload: number;
  /** Undefined where this user may not ask. */
  userInfo(): Promise<UserInfo | undefined>;
  /**
   * The subjects to which this user may not publish. Nothing is delivered: each publish names a reply subject that the server
   * reserves for itself, and which it refuses after it has judged the subject. Undefined where the server does not refuse it.
   */
  deniedPublishes(subjects: readonly string[]): Promise<ReadonlySet<string> | undefined>;
  /** The subjects that this user may not subscribe to. Each subscription is taken back at once. */
  deniedSubscriptions(subjects: readonly string[]): Promise<ReadonlySet<string>>;
  manager(): Promise<JetStreamManager>;
  close(): Promise<void>;
}

/** Subjects that begin so are for the server's own use. */
const RESERVED_REPLY = '_R_.sluice.doctor';
const API_MS = 5000;

/** Connects to the first server that lets it in. Rejects with a BUS_ code. */
export async function openDoctorProbe(options: NatsConnectionOptions, timeoutMs: number): Promise<DoctorProbe> {
  const door = await dialer(
    () => options,
    'sluice/doctor',
    () => timeoutMs,
  );
  const { connection, shown } = await dialAny(door);
  const denied = new Set<string>();
  let refusedReplies = 0;
  void watch(connection, (operation, subject) => {
    if (operation !== 'publish') return;
    if (subject === '') refusedReplies += 1;
    else denied.add(subject);
  });
  const late = (): Error => new SluiceError('BUS_UNREACHABLE', `${shown}: the server does not answer`);
  const settled = async (): Promise<void> => {
    await withDeadline(connection.flush(), timeoutMs, late);
    // A denial arrives before the answer, and the client reports it a few microtasks later.
    await new Promise((resolve) => setImmediate(resolve));
  };
  const tryAll = async (subjects: readonly string[]): Promise<void> => {
    denied.clear();
    refusedReplies = 0;
    for (const subject of subjects) connection.publish(subject, '', { reply: RESERVED_REPLY });
    await settled();
  };
  const { info } = connection;
  return {
    shown,
    version: info?.version ?? '0',
    maxPayload: info?.max_payload ?? Number.POSITIVE_INFINITY,
    async userInfo() {
      const answers = door.inbox();
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      const subscription = connection.subscribe(answers, {
        callback: (failure, message) => resolve(failure === null ? message.string() : undefined),
      });
      denied.clear();
      connection.publish('$SYS.REQ.USER.INFO', '', { reply: answers });
      await settled();
      const answer =
        denied.size > 0 ? undefined : await withDeadline(promise, API_MS, () => new Error()).catch(() => undefined);
      if (!subscription.isClosed()) subscription.unsubscribe();
      return answer === undefined ? undefined : parse(answer);
    },
    async deniedPublishes(subjects) {
      // An inbox of our own first: nobody else reads it, should the server deliver it after all.
      await tryAll([door.inbox()]);
      if (refusedReplies === 0 && denied.size === 0) return undefined;
      await tryAll(subjects);
      return new Set(denied);
    },
    async deniedSubscriptions(subjects) {
      const refused = new Set<string>();
      const subscriptions = subjects.map((subject) =>
        connection.subscribe(subject, {
          callback: (failure) => {
            if (failure !== null) refused.add(subject);
          },
        }),
      );
      await settled();
      for (const subscription of subscriptions) if (!subscription.isClosed()) subscription.unsubscribe();
      await settled();
      return refused;
    },
    async manager() {
      const { jetstreamManager } = await import('./library.ts');
      return jetstreamManager(connection, { timeout: Math.min(timeoutMs, API_MS), checkAPI: false });
    },
    close: () => connection.close(),
  };
}

async function dialAny(
  door: Awaited<ReturnType<typeof dialer>>,
): Promise<{ readonly connection: NatsConnection; readonly shown: string }> {
  let failure: unknown = new SluiceError('BUS_UNREACHABLE', 'no server to dial');
  for (const server of door.servers) {
    try {
      return { connection: await door.dial(server), shown: server.shown };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function watch(
  connection: NatsConnection,
  onDenial: (operation: string, subject: string) => void,
): Promise<void> {
  for await (const status of connection.status()) {
    const error = status.type === 'error' ? status.error : undefined;
    if (error?.name !== 'PermissionViolationError') continue;
    onDenial(String(propertyOf(error, 'operation')), String(propertyOf(error, 'subject')));
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function parse(answer: string): UserInfo | undefined {
  try {
    const told: unknown = JSON.parse(answer);
    const data = propertyOf(told, 'data');
    const serverMs = Date.parse(text(propertyOf(propertyOf(told, 'server'), 'time')) ?? '');
    return {
      user: text(propertyOf(data, 'user')),
      account: text(propertyOf(data, 'account')),
      serverMs: Number.isNaN(serverMs) ? undefined : serverMs,
    };
  } catch {
    return undefined;
  }
}
