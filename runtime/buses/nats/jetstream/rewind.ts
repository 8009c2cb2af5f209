import type { ConsumerConfig, ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import { startOf } from './consumer.ts';
import type { Start } from './options.ts';
import { asBusError } from './stream.ts';

/** How long the helper of an interest stream outlives a crash of ours. */
const HOLD_NS = 600_000_000_000;

/** Since when a server resets consumers (NATS ADR-60). */
const RESET_SINCE = [2, 14] as const;

export function canReset(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > RESET_SINCE[0] || (major === RESET_SINCE[0] && minor >= RESET_SINCE[1]);
}

/**
 * Lets the consumer deliver again from behind its ack floor, in order: left alone it would deliver what came later
 * first, and the unacknowledged after its ack wait. What was acknowledged above the floor comes again too.
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
  // A work queue accepts no other start, and needs none: what was acknowledged is no longer in it.
  const begun: Partial<ConsumerConfig> = stream.config.retention === 'workqueue' ? startOf('all') : startOf(start);
  const config = { ...kept, ...begun };
  if (stream.config.retention !== 'interest') {
    await manager.consumers.delete(from, name);
    return manager.consumers.add(from, config);
  }
  // With its last consumer an interest stream loses what that one had not acknowledged: another one holds it meanwhile.
  const holder = `${name}-hold`;
  await manager.consumers.add(from, { ...config, name: holder, durable_name: holder, inactive_threshold: HOLD_NS });
  await manager.consumers.delete(from, name);
  const made = await manager.consumers.add(from, config);
  await manager.consumers.delete(from, holder);
  return made;
}
