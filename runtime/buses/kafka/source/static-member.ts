import { randomBytes } from 'node:crypto';
import type { Checkpoint } from '#contract/checkpoint.ts';

/** The checkpoint's first word. Names of topics hold neither blanks nor equals signs. */
const FORM = 'kafka-member-1';

interface SavedMember {
  /** Made here; undefined where the route names its own. */
  readonly instance: string | undefined;
  /** Partitions of each topic at the last assignment. */
  readonly counts: ReadonlyMap<string, number>;
  /** The id of each topic, where the server has ids. */
  readonly topicIds: ReadonlyMap<string, string>;
}

/**
 * The `group.instance.id` of this process (KIP-345), the same at every start: the route's `instance`, or one from the
 * state folder. A killed process that starts again gets its partitions at once, where a dynamic member waits until
 * the session of its predecessor ends.
 */
export class StaticMember {
  readonly #checkpoint: Checkpoint;
  readonly #named: string | undefined;
  #saved: SavedMember;

  constructor(checkpoint: Checkpoint, named: string | undefined) {
    this.#checkpoint = checkpoint;
    this.#named = named;
    this.#saved = readSaved(checkpoint.read());
  }

  /** Whether the route names it: then the operator assigns it, and it keeps its partitions over a stop. */
  get isNamed(): boolean {
    return this.#named !== undefined;
  }

  get instance(): string {
    return this.#named ?? this.#saved.instance ?? this.renew();
  }

  /** Another process has the same: one state folder is a copy of the other. Returns the new one. */
  renew(): string {
    const instance = `sluice-${randomBytes(8).toString('hex')}`;
    this.#write({ ...this.#saved, instance });
    return instance;
  }

  /** Whether this process, or an earlier one of the same state folder, was in the group. */
  get wasMember(): boolean {
    return this.#saved.counts.size > 0;
  }

  /** Whether topics had other numbers of partitions at the last assignment: the one that is given back lacks the new ones. */
  hasOther(counts: ReadonlyMap<string, number>): boolean {
    return [...counts].some(([topic, count]) => (this.#saved.counts.get(topic) ?? count) !== count);
  }

  /** Writes only changes: a write waits for the disk. */
  assigned(counts: ReadonlyMap<string, number>): void {
    const isSame = [...counts].every(([topic, count]) => this.#saved.counts.get(topic) === count);
    if (!isSame) this.#write({ ...this.#saved, counts: new Map(counts) });
  }

  /** Whether an earlier process read another topic of that name. */
  readOther(topic: string, id: string): boolean {
    return (this.#saved.topicIds.get(topic) ?? id) !== id;
  }

  /** Writes only changes, as `assigned`. */
  saveTopicIds(topicIds: ReadonlyMap<string, string>): void {
    const isSame = [...topicIds].every(([topic, id]) => this.#saved.topicIds.get(topic) === id);
    if (!isSame) this.#write({ ...this.#saved, topicIds: new Map([...this.#saved.topicIds, ...topicIds]) });
  }

  #write(saved: SavedMember): void {
    this.#saved = saved;
    const counts = [...saved.counts].map(([topic, count]) => {
      const id = saved.topicIds.get(topic);
      return id === undefined ? `${topic}=${count}` : `${topic}=${count}=${id}`;
    });
    this.#checkpoint.write([FORM, saved.instance ?? '', ...counts].join(' '));
  }
}

/** Earlier versions wrote no ids of topics. A checkpoint of another bus reads as empty. */
function readSaved(text = ''): SavedMember {
  const [form, instance = '', ...counts] = text.split(' ');
  if (form !== FORM) return { instance: undefined, counts: new Map(), topicIds: new Map() };
  const pairs = counts.map((pair) => pair.split('='));
  return {
    instance: instance === '' ? undefined : instance,
    counts: new Map(pairs.map(([topic = '', count]) => [topic, Number(count)])),
    topicIds: new Map(pairs.flatMap(([topic = '', , id]) => (id === undefined ? [] : [[topic, id] as const]))),
  };
}
