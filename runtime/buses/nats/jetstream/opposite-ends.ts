import type { OppositeEnds } from '#contract/opposite-ends.ts';
import type { JetStreamFrom, JetStreamTo } from './options.ts';

export const opposite: OppositeEnds<JetStreamFrom, JetStreamTo> = {
  sink({ stream, subjects: [filter] = [] }, { addressUnder, address }) {
    if (address !== undefined) return { stream, subject: address };
    if (filter === undefined) return 'without `subjects` the file does not say where to publish';
    return { stream, subject: addressUnder(filter) };
  },
  source: ({ stream }, { filter }) => ({ stream, subjects: [filter], start: 'new' }),
};
