import type { OppositeEnds } from '#contract/opposite-ends.ts';
import type { MemoryFrom, MemoryTo } from './options.ts';

export const opposite: OppositeEnds<MemoryFrom, MemoryTo> = {
  sink: ({ addresses: [filter = ''] }, { addressUnder }) => ({ address: addressUnder(filter) }),
  source: (_, { filter }) => ({ addresses: [filter] }),
};
