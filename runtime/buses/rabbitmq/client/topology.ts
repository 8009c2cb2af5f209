import type { Channel, ConsumeMessage, Replies } from 'amqplib';
import { SluiceError } from '#contract/errors.ts';
import { pause } from '#kit/deadline.ts';
import type { FetchedMessage } from './consumer.ts';
import type { Binding, ExchangeType, QueueType } from '../options.ts';
import type { Session } from './session.ts';
import { closeReason } from './close-reason.ts';

/** A queue that must exist. */
export interface QueueWanted {
  readonly name: string;
  readonly type: QueueType | undefined;
  /** Whether it is declared when it is missing. */
  readonly create: boolean;
}

/** An exchange that must exist. */
export interface ExchangeWanted {
  readonly name: string;
  /** Undefined: it is never declared. */
  readonly type: ExchangeType | undefined;
  readonly create: boolean;
}

const DEFAULT_TYPE: QueueType = 'quorum';
const ASK_AGAIN_MS = 100;
/** The queues of a started server detect within milliseconds that consumers are gone, on a busy server later. */
const SETTLED_MS = 1000;
/** Queues detect the end of a channel within milliseconds. */
const MOST_ASKED = 20;
/** AMQP 0-9-1, 1.2.1: RESOURCE_LOCKED. RabbitMQ also sends it for an operation that a queue of that kind does not support. */
const NOT_ALLOWED = 405;

/** Makes a request on a new channel, which stays open. A refusal of the server closes the channel. */
async function askOpen<Answer>(
  session: Session,
  question: (channel: Channel) => Promise<Answer>,
): Promise<{ readonly channel: Channel; readonly answer: Answer }> {
  const channel = await session.model.createChannel();
  let failure: unknown;
  channel.on('error', (error) => {
    failure = error;
  });
  try {
    return { channel, answer: await question(channel) };
  } catch (thrown) {
    throw failure ?? thrown;
  }
}

async function ask<Answer>(session: Session, question: (channel: Channel) => Promise<Answer>): Promise<Answer> {
  const { channel, answer } = await askOpen(session, question);
  await channel.close();
  return answer;
}

/** Finds the queue, or declares it when `create` allows that. Returns its counts. Rejects with the server's error. */
export async function ensureQueue(session: Session, { name, type, create }: QueueWanted): Promise<Replies.AssertQueue> {
  const found = await ask(session, (channel) => channel.checkQueue(name)).catch((thrown: unknown) => {
    if (!create || closeReason(thrown)?.code !== 404) throw thrown;
    return undefined;
  });
  // An existing queue of any type is accepted when the file does not state a type.
  if (found !== undefined && (type === undefined || !create)) return found;
  const wanted = { durable: true, arguments: { 'x-queue-type': type ?? DEFAULT_TYPE } };
  return ask(session, (channel) => channel.assertQueue(name, wanted));
}

/** Finds the exchange, or declares it when `create` allows that and its type is known. */
export async function ensureExchange(session: Session, { name, type, create }: ExchangeWanted): Promise<void> {
  if (!create || type === undefined) {
    try {
      await ask(session, (channel) => channel.checkExchange(name));
    } catch (thrown) {
      if (!create || closeReason(thrown)?.code !== 404) throw thrown;
      const text = `exchange ${name} does not exist, and the route does not say what it would be; create it, or give exchangeType`;
      throw new SluiceError('BUS_MISSING', text, { cause: thrown });
    }
    return;
  }
  // A predeclared exchange cannot be declared.
  if (name.startsWith('amq.')) await ask(session, (channel) => channel.checkExchange(name));
  else await ask(session, (channel) => channel.assertExchange(name, type, { durable: true }));
}

/**
 * Declares an exclusive queue of the session, and consumes it, so that it never expires as unused. Calls `onGone` when it was
 * deleted nevertheless. Rejects with the server's error.
 */
export async function holdExclusive(session: Session, name: string, onGone: () => void): Promise<void> {
  const wanted = { durable: false, exclusive: true, arguments: { 'x-queue-type': 'classic' } };
  const onMessage = (message: ConsumeMessage | null): void => {
    if (message === null) onGone();
  };
  await askOpen(session, async (channel) => {
    await channel.assertQueue(name, wanted);
    await channel.consume(name, onMessage, { noAck: true });
  });
}

/** Of a queue that nobody else knows: the oldest messages are dropped behind a reader that is too slow. */
const OWN_QUEUE = { 'x-queue-type': 'classic', 'x-max-length': 100_000, 'x-max-length-bytes': 256 * 1024 * 1024 };

/** Declares an exclusive queue, to which the server gives a name that is nobody else's. It ends with the connection. */
export async function declareOwnQueue(session: Session): Promise<string> {
  const wanted = { durable: false, exclusive: true, autoDelete: true, arguments: OWN_QUEUE };
  return (await ask(session, (channel) => channel.assertQueue('', wanted))).queue;
}

/** Binds the queue to the exchange; existing bindings stay. */
export async function bindQueue(
  session: Session,
  queue: string,
  exchange: string,
  bindings: readonly Binding[],
): Promise<void> {
  await ask(session, async (channel) => {
    for (const binding of bindings) {
      if ('headers' in binding) {
        const match = { ...binding.headers, 'x-match': binding.match };
        await channel.bindQueue(queue, exchange, '', match);
      } else await channel.bindQueue(queue, exchange, binding.routingKey);
    }
  });
}

/** The number of consumers of the queue, requested until `isLast` accepts it or the session is over. */
async function countConsumers(session: Session, name: string, isLast: (count: number) => boolean): Promise<number> {
  for (;;) {
    const { consumerCount } = await ask(session, (channel) => channel.checkQueue(name));
    if (isLast(consumerCount) || session.isOver) return consumerCount;
    await pause(ASK_AGAIN_MS);
  }
}

/**
 * Verifies with a `basic.get` that a quorum queue is empty. The server reports neither messages nor consumers also while the
 * leader does not answer within 250 ms, because it has just started or is busy; a `basic.get` waits for the leader. A fetched
 * message stays on its channel: after a `basic.nack` it would be delivered behind others. Rejects, as the session then ends,
 * when the leader does not answer.
 */
export async function getFromEmptyQueue(session: Session, name: string): Promise<FetchedMessage | undefined> {
  const asked = askOpen(session, (channel) => channel.get(name)).catch((thrown: unknown) => {
    // The answer of a queue with a single active consumer.
    if (closeReason(thrown)?.code === NOT_ALLOWED) return undefined;
    throw thrown;
  });
  const { channel, answer } = (await asked) ?? {};
  if (channel !== undefined && answer !== undefined && answer !== false) return { channel, message: answer };
  await channel?.close();
  return undefined;
}

/** The number of consumers of a queue besides `ours`; below 0 when its kind counts none. */
export async function othersBeside(
  session: Session,
  name: string,
  { kind, ours }: { readonly kind: QueueKind; readonly ours: number },
): Promise<number> {
  // A lower count than `ours` means that the leader has not answered.
  return (await countConsumers(session, name, (count) => count >= ours || kind !== 'quorum')) - ours;
}

/**
 * The number of consumers of a quorum queue, once the count is reliable. A server that has just started still assigns messages
 * to consumers that died with it, and may not count them: a new consumer would get newer messages first.
 */
export async function consumersAfterStart(session: Session, name: string, withinMs: number): Promise<number> {
  const endMs = performance.now() + Math.min(SETTLED_MS, withinMs);
  return countConsumers(session, name, (count) => count > 0 || performance.now() >= endMs);
}

/** The number of consumers that a queue still has, requested until it is 0 or clear that they stay. */
export async function consumersLeft(session: Session, name: string): Promise<number> {
  let asked = 0;
  return countConsumers(session, name, (count) => {
    asked += 1;
    return count === 0 || asked === MOST_ASKED;
  });
}

/** The type of a queue, as far as the server reports it. */
export type QueueKind = QueueType | undefined;

/**
 * AMQP has no request for it. Every queue refuses a consumer with one argument for classic queues alone and one for streams
 * alone, and the refusal names the type of the queue.
 */
export async function kindOf(session: Session, name: string): Promise<QueueKind> {
  const refused = { 'x-cancel-on-ha-failover': true, 'x-stream-offset': 'first' };
  const refusal = await ask(session, (channel) => channel.consume(name, () => {}, { arguments: refused })).then(
    () => undefined,
    (thrown: unknown) => closeReason(thrown),
  );
  const named = / of queue type rabbit_(classic|quorum|stream)_queue$/.exec(refusal?.text ?? '')?.[1];
  return named === 'quorum' || named === 'stream' || named === 'classic' ? named : undefined;
}

const LAST_MS = 2000;

/** Offset of the first message of the last chunk; `empty` when none arrives soon. */
export async function offsetOfLast(session: Session, name: string): Promise<number | 'empty'> {
  return ask(session, async (channel) => {
    await channel.prefetch(1);
    let waiting: NodeJS.Timeout | undefined;
    const found = new Promise<number | 'empty'>((resolve) => {
      waiting = setTimeout(() => resolve('empty'), LAST_MS);
      const take = (message: ConsumeMessage | null): void => {
        const offset: unknown = message?.properties.headers?.['x-stream-offset'];
        if (typeof offset === 'number') resolve(offset);
      };
      channel.consume(name, take, { arguments: { 'x-stream-offset': 'last' } }).catch(() => resolve('empty'));
    });
    try {
      return await found;
    } finally {
      clearTimeout(waiting);
    }
  });
}
