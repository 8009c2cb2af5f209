import { type Reach, serverName } from '#contract/reach.ts';
import type { KafkaConnection, KafkaFrom } from './options.ts';
import { topicNames } from './topics.ts';

export function servers({ brokers }: KafkaConnection): readonly string[] {
  return brokers.map((broker) => {
    const colon = broker.lastIndexOf(':');
    return serverName('kafka', broker.slice(0, colon), broker.slice(colon + 1));
  });
}

/** The topics of a cluster are one address space. */
export const WRITES: readonly string[] = ['topics'];

export function reads({ topics }: KafkaFrom): readonly Reach[] {
  return topics.map((topic, at) => ({
    spaces: WRITES,
    filter: topic.split(topicNames.separator),
    path: ['topics', String(at)],
  }));
}
