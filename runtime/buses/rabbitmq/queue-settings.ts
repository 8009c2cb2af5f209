import type { NoticeCode } from '#contract/event-codes.ts';
import { pause } from '#kit/deadline.ts';
import type { Link } from './client/link.ts';
import { askManagement } from './management.ts';

/** The server reports a new queue's policy once it has collected statistics, every 5 s. */
const AGAIN_MS = 2000;
const TRIES = 6;

/** The settings of a queue that matter here, from the management API. */
export interface QueueSettings {
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** Arguments of the queue, by their names in AMQP: `x-message-ttl`. */
  readonly ownArguments: Readonly<Record<string, unknown>>;
  /** Settings of the effective policy, by their names there: `message-ttl`. */
  readonly policy: Readonly<Record<string, unknown>>;
}

export function tableOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/** From an answer about a queue. */
export function settingsOf(answer: unknown): QueueSettings {
  const queue = tableOf(answer);
  const { type, durable } = queue;
  return {
    type: typeof type === 'string' ? type : 'classic',
    durable: durable !== false,
    autoDelete: queue['auto_delete'] === true,
    ownArguments: tableOf(queue['arguments']),
    policy: tableOf(queue['effective_policy_definition']),
  };
}

/** Checks the settings of a queue once, when the connection has `management`, and reports those that drop messages. Never rejects. */
export async function checkQueueSettings(link: Link, queue: string): Promise<void> {
  const { management } = link.connection();
  if (management === undefined) return;
  try {
    const [node] = link.target.nodes;
    const path = `/api/queues/${node?.encodedVhost ?? '%2F'}/${encodeURIComponent(queue)}`;
    let settings = await askManagement(management, path, link.connection());
    for (let tries = 1; tries < TRIES && !('effective_policy_definition' in tableOf(settings)); tries += 1) {
      await pause(AGAIN_MS, link.signal);
      if (link.signal.aborted) return;
      settings = await askManagement(management, path, link.connection());
    }
    for (const [code, text] of warnings(settingsOf(settings))) link.notice(code, `queue ${queue} ${text}`);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    link.notice('MANAGEMENT_UNUSABLE', `the settings of queue ${queue} cannot be looked at: ${why}; check management`);
  }
}

/** The settings that drop messages although a route promises to deliver them. */
export function warnings(queue: QueueSettings): (readonly [code: NoticeCode, text: string])[] {
  const found: (readonly [NoticeCode, string])[] = [];
  const setting = (name: string): unknown => queue.ownArguments[`x-${name}`] ?? queue.policy[name];
  const text = (name: string): string | undefined => {
    const value = setting(name);
    return typeof value === 'string' ? value : undefined;
  };
  const limit = (name: string): number | undefined => {
    const value = setting(name);
    return typeof value === 'number' ? value : undefined;
  };
  if (queue.type === 'stream') {
    const age = text('max-age');
    const bytes = limit('max-length-bytes');
    if (age !== undefined || bytes !== undefined) {
      const bound = age === undefined ? `${bytes} bytes` : age;
      found.push(['STREAM_RETENTION', `keeps no more than ${bound}: what was not read by then is cut off`]);
    }
    return found;
  }
  const goesOn = setting('dead-letter-exchange') !== undefined;
  const end = goesOn ? 'sends to its dead-letter exchange' : 'drops';
  const ttl = limit('message-ttl');
  if (ttl !== undefined) found.push(['QUEUE_TTL', `${end} what was not read within ${ttl} ms (message-ttl)`]);
  const length = limit('max-length') ?? limit('max-length-bytes');
  if (length !== undefined && (setting('overflow') ?? 'drop-head') === 'drop-head') {
    found.push([
      'QUEUE_DROPS_HEAD',
      `${end} the oldest when it is full (max-length ${length}); set overflow: reject-publish`,
    ]);
  }
  const deliveries = limit('delivery-limit');
  if (deliveries !== undefined && deliveries >= 0 && !goesOn) {
    found.push([
      'QUEUE_DELIVERY_LIMIT',
      `drops a message after ${deliveries} deliveries, and each end of a connection is one; give it a dead-letter exchange`,
    ]);
  }
  const expires = limit('expires');
  if (expires !== undefined)
    found.push(['QUEUE_EXPIRES', `is deleted when nobody uses it for ${expires} ms (expires)`]);
  if (queue.autoDelete) found.push(['QUEUE_AUTO_DELETE', 'is deleted when its last consumer goes (auto-delete)']);
  if (!queue.durable) found.push(['QUEUE_TRANSIENT', 'is not durable: a restart of the server deletes it']);
  return found;
}
