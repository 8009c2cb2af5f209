import type { ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import { startOf } from './consumer.ts';

/** A counting consumer outlives a crash of ours by so much. */
const COUNTER_NS = 30_000_000_000;

/** What waited for a durable, and how far its stream went then. */
export interface Waiting {
  /** When the durable was made: another one of its name counts anew. */
  readonly made: string;
  readonly messages: number;
  /** The durable's own count, repetitions included. */
  readonly deliveries: number;
  /** What the stream holds up to here is among `messages`, or was delivered. */
  readonly storedUpTo: number;
}

/** `stream` was looked at after `consumer`: what was stored in between is never taken for removed. */
export function waitingAt(consumer: ConsumerInfo, stream: StreamInfo): Waiting {
  return {
    made: consumer.created,
    messages: consumer.num_pending,
    deliveries: consumer.delivered.consumer_seq,
    storedUpTo: stream.state.last_seq,
  };
}

/**
 * At least so many messages for the durable were removed since `waiting` was true. Exact where it `readsAll` of the stream; else
 * what was stored and removed in between is not seen. `stream` was looked at before `consumer`.
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
  // What is stored between the two answers waits already, and is never taken for removed.
  return missing(waiting, await manager.consumers.info(consumer.stream_name, consumer.name), stored);
}

function missing(waiting: Waiting, { delivered, num_pending: waits }: ConsumerInfo, stored: number): number {
  const deliveries = delivered.consumer_seq - waiting.deliveries;
  return deliveries < 0 ? 0 : Math.max(0, waiting.messages + stored - deliveries - waits);
}

/** How many of the durable's messages the stream holds behind `sequence`. Only a consumer counts by filters: one is made and deleted. */
async function storedSince(
  sequence: number,
  manager: JetStreamManager,
  { config: { name: stream, retention } }: StreamInfo,
  { name, config: { filter_subject: one, filter_subjects: many } }: ConsumerInfo,
): Promise<number> {
  // A work queue takes no second reader of a subject.
  if (retention === 'workqueue') return 0;
  const counter = `${name}-count`;
  try {
    const { num_pending: count } = await manager.consumers.add(stream, {
      name: counter,
      ack_policy: 'none',
      inactive_threshold: COUNTER_NS,
      mem_storage: true,
      ...(one !== undefined && { filter_subject: one }),
      ...(many !== undefined && { filter_subjects: many }),
      ...startOf({ sequence: sequence + 1 }),
    });
    await manager.consumers.delete(stream, counter);
    return count;
  } catch {
    // Not allowed, perhaps: then fewer are counted, and nothing else is lost by it.
    return 0;
  }
}
