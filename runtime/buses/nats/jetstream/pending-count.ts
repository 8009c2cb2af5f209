import type { ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import { startOf } from './consumer.ts';
import { counterName } from './consumer-names.ts';

/** The server deletes the counting consumer of a bridge that crashed after so long. */
const COUNTER_NS = 30_000_000_000;

/** The pending messages of a durable, and the end of its stream at that time. */
export interface Waiting {
  /** The creation time of the durable: another one of its name counts from 0. */
  readonly made: string;
  readonly messages: number;
  /** The delivery count of the durable, redeliveries included. */
  readonly deliveries: number;
  /** Messages of the stream up to this sequence are among `messages`, or were delivered. */
  readonly storedUpTo: number;
}

/** `stream` was requested after `consumer`: a message stored in between never counts as removed. */
export function waitingAt(consumer: ConsumerInfo, stream: StreamInfo): Waiting {
  return {
    made: consumer.created,
    messages: consumer.num_pending,
    deliveries: consumer.delivered.consumer_seq,
    storedUpTo: stream.state.last_seq,
  };
}

/**
 * A lower bound of the messages for the durable that were removed since `waiting`. Exact when the durable reads the whole
 * stream (`readsAll`); else messages that were stored and removed in between are not seen. `stream` was requested before
 * `consumer`.
 */
export async function removedSince(
  waiting: Waiting,
  manager: JetStreamManager,
  stream: StreamInfo,
  consumer: ConsumerInfo,
  readsAll: boolean,
): Promise<number> {
  if (waiting.made !== consumer.created) return 0;
  const most = missing(waiting, consumer, stream.state.last_seq - waiting.storedUpTo);
  if (readsAll) return most;
  if (most === 0 || waiting.messages === 0) return 0;
  const stored = await storedSince(waiting.storedUpTo, manager, stream, consumer);
  // A message stored between the two answers is pending already, and never counts as removed.
  return missing(waiting, await manager.consumers.info(consumer.stream_name, consumer.name), stored);
}

function missing(waiting: Waiting, { delivered, num_pending: waits }: ConsumerInfo, stored: number): number {
  const deliveries = delivered.consumer_seq - waiting.deliveries;
  return deliveries < 0 ? 0 : Math.max(0, waiting.messages + stored - deliveries - waits);
}

/** The messages for the durable that the stream holds behind `sequence`. Only a consumer counts by filters: one is made and deleted. */
async function storedSince(
  sequence: number,
  manager: JetStreamManager,
  { config: { name: stream, retention } }: StreamInfo,
  { name, config: { filter_subject: one, filter_subjects: many } }: ConsumerInfo,
): Promise<number> {
  // A work queue takes no second reader of a subject.
  if (retention === 'workqueue') return 0;
  const counter = counterName(name);
  const filters = many ?? (one === undefined ? [] : [one]);
  try {
    const { num_pending: count } = await manager.consumers.add(stream, {
      // Durable only by name: the client then names it in the subject of its request.
      durable_name: counter,
      ack_policy: 'none',
      inactive_threshold: COUNTER_NS,
      mem_storage: true,
      ...(filters.length > 0 && { filter_subjects: filters }),
      ...startOf({ sequence: sequence + 1 }),
    });
    await manager.consumers.delete(stream, counter);
    return count;
  } catch {
    // The permission may be missing: then fewer messages are counted as removed, without other harm.
    return 0;
  }
}
