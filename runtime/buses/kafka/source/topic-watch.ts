import type { Link } from '../link.ts';
import type { StaticMember } from './static-member.ts';

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

  /** Which of them an earlier process read as other topics. Of what this process has read `compare` says it. */
  async replacedBefore(topics: Iterable<string>): Promise<readonly string[]> {
    const ids = await this.#link.topicIds([...new Set(topics)]);
    return [...ids.keys()].filter(
      (topic) => !this.#ids.has(topic) && this.#identity.readOther(topic, ids.get(topic) ?? ''),
    );
  }

  /** Looks at them anew. Awaits `onOther` for each that is another one than before; where that rejects, the next look finds it again. */
  async compare(topics: readonly string[], onOther: (topic: string) => Promise<void>): Promise<void> {
    for (const [topic, id] of await this.#link.topicIds(topics)) {
      if ((this.#ids.get(topic) ?? id) !== id) await onOther(topic);
      this.#ids.set(topic, id);
    }
    this.#identity.reads(this.#ids);
  }
}
