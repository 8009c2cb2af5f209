import type { KafkaClient } from '../kafka-client.ts';
import type { StaticMember } from './static-member.ts';

/**
 * Compares the ids of the topics that are read: a topic that is deleted and created again has other messages at the same
 * offsets, and nothing but its id shows it once it has enough of them. Detects nothing where the server has no ids.
 */
export class TopicWatch {
  readonly #client: Pick<KafkaClient, 'topicIds'>;
  readonly #identity: Pick<StaticMember, 'readOther' | 'saveTopicIds'>;
  readonly #ids = new Map<string, string>();

  /** `identity` keeps the ids over restarts. */
  constructor(client: Pick<KafkaClient, 'topicIds'>, identity: Pick<StaticMember, 'readOther' | 'saveTopicIds'>) {
    this.#client = client;
    this.#identity = identity;
  }

  /** Which of them an earlier process read as other topics. `compare` reports those that this process has read. */
  async replacedBefore(topics: Iterable<string>): Promise<readonly string[]> {
    const ids = await this.#client.topicIds([...new Set(topics)]);
    return [...ids.keys()].filter(
      (topic) => !this.#ids.has(topic) && this.#identity.readOther(topic, ids.get(topic) ?? ''),
    );
  }

  /** Reads the ids again. Awaits `onOther` for each topic whose id has changed; where that rejects, the next call finds it again. */
  async compare(topics: readonly string[], onOther: (topic: string) => Promise<void>): Promise<void> {
    for (const [topic, id] of await this.#client.topicIds(topics)) {
      if ((this.#ids.get(topic) ?? id) !== id) await onOther(topic);
      this.#ids.set(topic, id);
    }
    this.#identity.saveTopicIds(this.#ids);
  }
}
