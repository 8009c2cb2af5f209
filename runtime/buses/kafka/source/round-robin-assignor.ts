/** Who wants which topics. */
interface Wish {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/** Partitions by topic, by member. */
export type Division = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/**
 * Divides partitions among those who want their topics, in turn: every partition of a topic that somebody wants has one
 * owner, and no two members differ by more than the topics they want. The same for whoever divides.
 */
export function assign(wishes: readonly Wish[], partitionCounts: ReadonlyMap<string, number>): Division {
  const division = new Map<string, Map<string, number[]>>();
  for (const { memberId } of wishes) division.set(memberId, new Map());
  const inOrder = wishes.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
  let turn = 0;
  for (const [topic, count] of [...partitionCounts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const members = inOrder.filter(({ topics }) => topics.includes(topic));
    if (members.length === 0) continue;
    for (let partition = 0; partition < count; partition += 1, turn += 1) {
      const { memberId } = members[turn % members.length] ?? { memberId: '' };
      const own = division.get(memberId);
      const partitions = own?.get(topic);
      if (partitions === undefined) own?.set(topic, [partition]);
      else partitions.push(partition);
    }
  }
  return division;
}
