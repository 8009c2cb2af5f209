import type { ConsumerConfig, ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import { startOf } from './consumer.ts';
import { holderName } from './consumer-names.ts';
import type { Start } from './options.ts';
import { asBusError } from './stream.ts';

/** The server deletes the helper consumer of a bridge that crashed after so long. */
const HOLD_NS = 600_000_000_000;

/** The first server version that resets consumers (NATS ADR-60). */
const RESET_SINCE = [2, 14] as const;

export function canReset(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > RESET_SINCE[0] || (major === RESET_SINCE[0] && minor >= RESET_SINCE[1]);
}

/**
 * Makes the consumer deliver again from behind its ack floor, in order. Otherwise it would deliver newer messages first and
 * the unacknowledged ones after its ack wait. Messages acknowledged above the floor are delivered again too.
 */
export async function rewind(
  manager: JetStreamManager,
  stream: StreamInfo,
  consumer: ConsumerInfo,
  reset: boolean,
): Promise<ConsumerInfo> {
  const { stream_name: from, name, ack_floor: floor } = consumer;
  try {
    if (reset) return await manager.consumers.reset(from, name);
    return await remake(manager, stream, consumer, { sequence: floor.stream_seq + 1 });
  } catch (error) {
    throw asBusError(error, `setting consumer ${name} of stream ${from} back`);
  }
}

/** Deletes the consumer and makes it again, to deliver from `start` on. */
export async function remake(
  manager: JetStreamManager,
  stream: StreamInfo,
  consumer: ConsumerInfo,
  start: Start,
): Promise<ConsumerInfo> {
  const { stream_name: from, name } = consumer;
  const { opt_start_time: _, opt_start_seq: __, ...kept } = consumer.config;
  // A work queue accepts no other start, and needs none: acknowledged messages are no longer in it.
  const begun: Partial<ConsumerConfig> = stream.config.retention === 'workqueue' ? startOf('all') : startOf(start);
  const config = { ...kept, ...begun };
  if (stream.config.retention !== 'interest') {
    await manager.consumers.delete(from, name);
    return manager.consumers.add(from, config);
  }
  // An interest stream without consumers deletes its unacknowledged messages: a second consumer keeps them meanwhile.
  const holder = holderName(name);
  await manager.consumers.add(from, { ...config, name: holder, durable_name: holder, inactive_threshold: HOLD_NS });
  await manager.consumers.delete(from, name);
  const made = await manager.consumers.add(from, config);
  await manager.consumers.delete(from, holder);
  return made;
}
