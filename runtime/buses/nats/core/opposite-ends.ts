import type { OppositeEnds } from '#contract/opposite-ends.ts';
import type { CoreFrom, CoreTo } from './options.ts';

export const opposite: OppositeEnds<CoreFrom, CoreTo> = {
  sink: ({ subjects: [filter = ''] }, { addressUnder }) => ({ subject: addressUnder(filter) }),
  source: (_, { filter }) => ({ subjects: [filter] }),
};
