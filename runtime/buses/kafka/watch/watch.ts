import type { BusWatch } from '#contract/watch.ts';
import type { KafkaConnection, KafkaFrom, KafkaTo } from '../options.ts';
import { openTopicWatcher } from './topic-watcher.ts';

/** Fetches from every partition without a group: nothing is committed, and no group is made. */
export const watch: BusWatch<KafkaConnection, KafkaFrom, KafkaTo> = {
  beside: (_, { address }) => (address.includes('{') ? 'its topic depends on the message' : { topics: [address] }),
  refusal: () => undefined,
  open: openTopicWatcher,
};
