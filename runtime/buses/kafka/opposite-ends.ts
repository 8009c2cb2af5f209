import type { OppositeEnds } from '#contract/opposite-ends.ts';
import type { KafkaFrom, KafkaTo } from './options.ts';

const MARGIN_MS = 60_000;

export const opposite: OppositeEnds<KafkaFrom, KafkaTo> = {
  sink: ({ topics: [topic = ''] }) => ({ topic }),
  source(_, { address, nowMs }) {
    if (address.includes('{')) return 'its topic depends on the message';
    return { topics: [address], start: aMinuteBefore(nowMs) };
  },
};

/** Clocks differ. The messages of others in that minute belong to no run of the check, and are told apart by that. */
export function aMinuteBefore(nowMs: number): { readonly time: string } {
  return { time: new Date(nowMs - MARGIN_MS).toISOString() };
}
