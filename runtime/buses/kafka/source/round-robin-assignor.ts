import type { GroupAssignment, Subscription } from '../kafka-client.ts';

/**
 * Assigns partitions in turn to the members that want their topics: every partition of a wanted topic has one owner, and
 * the shares of two members differ by no more than their topics require. The result does not depend on which member computes it.
 */
export function assignRoundRobin(
  subscriptions: readonly Subscription[],
  partitionCounts: ReadonlyMap<string, number>,
): GroupAssignment {
  const assignment = new Map<string, Map<string, number[]>>();
  for (const { memberId } of subscriptions) assignment.set(memberId, new Map());
  const inOrder = subscriptions.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
  let turn = 0;
  for (const [topic, count] of [...partitionCounts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const members = inOrder.filter(({ topics }) => topics.includes(topic));
    if (members.length === 0) continue;
    for (let partition = 0; partition < count; partition += 1, turn += 1) {
      const { memberId } = members[turn % members.length] ?? { memberId: '' };
      const own = assignment.get(memberId);
      const partitions = own?.get(topic);
      if (partitions === undefined) own?.set(topic, [partition]);
      else partitions.push(partition);
    }
  }
  return assignment;
}
