import type { Link } from './link.ts';
import type { StaticMember } from './static-member.ts';

/** Of a topic's id in tags: 48 bits, as the first eight letters of the form in which Kafka's tools print it. */
const TAG_BYTES = 6;

/**
 * Knows which topics are read, by their ids: one that is deleted and made again under its name has other messages at the
 * same offsets, and nothing else shows it when it has enough of them. Knows of none where the server has no ids.
 */
export class TopicWatch {
  readonly #link: Pick<Link, 'topicIds'>;
  readonly #identity: Pick<StaticMember, 'readOther' | 'reads'>;
  readonly #ids = new Map<string, string>();

  /** `identity` keeps the ids over restarts. */
  constructor(link: Pick<Link, 'topicIds'>, identity: Pick<StaticMember, 'readOther' | 'reads'>) {
    this.#link = link;
    this.#identity = identity;
  }

  /**
   * Learns which topics they are, those that are not known yet. To be called before their places are asked for: what is
   * made anew after that `compare` finds.
   */
  async meet(topics: Iterable<string>): Promise<void> {
    const unknown = [...topics].filter((topic) => !this.#ids.has(topic));
    for (const [topic, id] of await this.#link.topicIds(unknown)) this.#ids.set(topic, id);
  }

  /** Which of them, all met, an earlier process read as other topics. Of what this process has read `compare` says it. */
  replacedBefore(topics: Iterable<string>): readonly string[] {
    return [...new Set(topics)].filter((topic) => {
      const id = this.#ids.get(topic);
      return id !== undefined && this.#identity.readOther(topic, id);
    });
  }

  /**
   * Stands behind the offset in ids of messages: the offsets of a topic that was made anew are those of other messages.
   * The same for every process and at every start. Empty where the server has no ids.
   */
  tagOf(topic: string): string {
    return tagOfId(this.#ids.get(topic));
  }

  /**
   * Looks at them anew. Awaits `onOther` for each that is another one than before, with its new tag; where that rejects, the
   * next look finds it again.
   */
  async compare(topics: readonly string[], onOther: (topic: string, tag: string) => Promise<void>): Promise<void> {
    for (const [topic, id] of await this.#link.topicIds(topics)) {
      if ((this.#ids.get(topic) ?? id) !== id) await onOther(topic, tagOfId(id));
      this.#ids.set(topic, id);
    }
    this.#identity.reads(this.#ids);
  }
}

/** `id`: in hexadecimal. Nothing but zeros is the id of no topic. */
function tagOfId(id = ''): string {
  const bytes = Buffer.from(id, 'hex').subarray(0, TAG_BYTES);
  return bytes.some((byte) => byte !== 0) ? `@${bytes.toString('base64url')}` : '';
}
