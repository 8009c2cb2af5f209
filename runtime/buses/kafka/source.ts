import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery } from '#contract/delivery.ts';
import type { Demand, Source } from '#contract/source.ts';
import { durationMs, sizeBytes } from '#kit/quantity.ts';
import { Assignment } from './source/assignment.ts';
import { GroupMember } from './source/group-member.ts';
import { lagOf } from './source/lag.ts';
import { groupName } from './group-name.ts';
import { Link } from './link.ts';
import { Membership } from './source/membership.ts';
import type { KafkaConnection, KafkaFrom } from './options.ts';
import { StaticMember } from './source/static-member.ts';

export async function openSource(
  options: EndOptions<KafkaConnection, KafkaFrom>,
  context: BusContext,
): Promise<Source> {
  const { end } = options;
  const link = new Link(context, options);
  const identity = new StaticMember(context.checkpoint, end.instance);
  const group = groupName(end, context);
  const member = new GroupMember(link, {
    group,
    topics: end.topics,
    identity,
    sessionMs: durationMs(end.sessionTimeout),
    rebalanceMs: durationMs(end.rebalanceTimeout),
  });
  const assignment = new Assignment(link, {
    window: context.window,
    group,
    checkpoint: context.unsyncedCheckpoint,
    start: end.start,
    isOneLane: end.order === 'partition',
    maxBytesPerPartition: sizeBytes(end.maxBytesPerPartition),
    maxMetadataBytes: sizeBytes(end.maxCommitMetadata),
    isFenced: context.isFenced,
    identity,
  });
  const membership = new Membership(link, member, assignment, {
    topics: end.topics,
    sessionMs: durationMs(end.sessionTimeout),
    drainMs: durationMs(end.rebalanceTimeout) / 2,
  });
  await membership.open();
  return {
    read: (room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> => assignment.read(room, signal),
    lag: () => lagOf(link, [...assignment.feeds.values()]),
    close: () => membership.close(),
  };
}
