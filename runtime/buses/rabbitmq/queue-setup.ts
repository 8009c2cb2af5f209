import type { FetchedMessage } from './client/consumer.ts';
import type { Session } from './client/session.ts';
import {
  bindQueue,
  consumersAfterStart,
  ensureExchange,
  ensureQueue,
  getFromEmptyQueue,
  kindOf,
  othersBeside,
  type QueueKind,
} from './client/topology.ts';
import type { RabbitFrom } from './options.ts';
import type { QueueNotices } from './queue-notices.ts';

export interface QueueSetup {
  readonly from: RabbitFrom;
  readonly queue: string;
  readonly create: boolean;
  /** Whether the order of the route needs the queue to have no other consumer. */
  readonly isAlone: boolean;
  readonly notices: QueueNotices;
  /** Bounds the wait for consumers that died with their server. */
  readonly withinMs: number;
  /** Called as soon as the type of the queue is known. */
  readonly onKind: (kind: QueueKind) => void;
}

export interface ReadyQueue {
  /** A message that the check for an empty queue has fetched. It is delivered first. */
  readonly first: FetchedMessage | undefined;
}

/** Finds or declares exchange, queue and bindings, and waits until a consumer gets the messages in order. Rejects with the reason of a failure. */
export async function prepareQueue(session: Session, setup: QueueSetup): Promise<ReadyQueue> {
  const { from, queue, create, isAlone, notices, withinMs, onKind } = setup;
  const { type, exchange, exchangeType, bind } = from;
  if (exchange !== undefined) await ensureExchange(session, { name: exchange, type: exchangeType, create });
  const found = await ensureQueue(session, { name: queue, type, create });
  // Messages of another consumer would be requeued behind later ones: wait until there is none.
  if (isAlone) notices.assertAlone(found.consumerCount);
  if (exchange !== undefined && create) await bindQueue(session, queue, exchange, bind ?? [{ routingKey: '' }]);
  const kind = await learnKind(session, setup);
  onKind(kind);
  // Also at the very first attempt: bridge and server may have been killed together, and started together.
  if (isAlone && kind !== 'classic' && kind !== 'stream') {
    notices.assertAlone(await consumersAfterStart(session, queue, withinMs));
  }
  const mayBeSilent = isAlone && kind === 'quorum' && found.messageCount === 0;
  const first = mayBeSilent ? await getFromEmptyQueue(session, queue) : undefined;
  // The queue counts the message of `first`, until it is settled, as one more consumer.
  const ours = first === undefined ? 0 : 1;
  if (mayBeSilent) notices.assertAlone(await othersBeside(session, queue, { kind, ours }));
  return { first };
}

/** The present type of the queue: it may have been deleted and declared with another type. */
async function learnKind(session: Session, { from: { type }, queue, create, notices }: QueueSetup): Promise<QueueKind> {
  // When it may be declared the server has compared the types.
  const isCompared = type !== undefined && create;
  const kind = isCompared ? type : ((await kindOf(session, queue)) ?? type);
  if (type !== undefined && kind !== undefined && kind !== type) notices.checkType(kind, type);
  return kind;
}
