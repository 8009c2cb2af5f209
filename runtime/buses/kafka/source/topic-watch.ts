import type { KafkaClient } from '../kafka-client.ts';
import type { StaticMember } from './static-member.ts';

/** The part of a topic's id in tags: 48 bits, the first eight letters of the form in which Kafka's tools print it. */
const TAG_BYTES = 6;

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

  /**
   * Reads the ids of topics that are not known yet. Call it before the offsets of the topics are requested: `compare` finds
   * topics that are created again after that.
   */
  async add(topics: Iterable<string>): Promise<void> {
    const unknown = [...topics].filter((topic) => !this.#ids.has(topic));
    for (const [topic, id] of await this.#client.topicIds(unknown)) this.#ids.set(topic, id);
  }

  /** Which of them, all added, an earlier process read as other topics. `compare` reports those that this process has read. */
  replacedBefore(topics: Iterable<string>): readonly string[] {
    return [...new Set(topics)].filter((topic) => {
      const id = this.#ids.get(topic);
      return id !== undefined && this.#identity.readOther(topic, id);
    });
  }

  /**
   * Follows the offset in ids of messages: a topic that was created again has the same offsets for other messages. The same
   * in every process and at every start. Empty where the server has no ids.
   */
  tagOf(topic: string): string {
    return tagOfId(this.#ids.get(topic));
  }

  /**
   * Reads the ids again. Awaits `onOther`, with the new tag, for each topic whose id has changed; where that rejects, the
   * next call finds it again.
   */
  async compare(topics: readonly string[], onOther: (topic: string, tag: string) => Promise<void>): Promise<void> {
    for (const [topic, id] of await this.#client.topicIds(topics)) {
      if ((this.#ids.get(topic) ?? id) !== id) await onOther(topic, tagOfId(id));
      this.#ids.set(topic, id);
    }
    this.#identity.saveTopicIds(this.#ids);
  }
}

/** `id`: in hexadecimal. Nothing but zeros is the id of no topic. */
function tagOfId(id = ''): string {
  const bytes = Buffer.from(id, 'hex').subarray(0, TAG_BYTES);
  return bytes.some((byte) => byte !== 0) ? `@${bytes.toString('base64url')}` : '';
}
