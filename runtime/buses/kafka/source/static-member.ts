import { randomBytes } from 'node:crypto';
import type { Checkpoint } from '#contract/checkpoint.ts';

/** The checkpoint's first word. Topics have neither blanks nor equals signs in their names. */
const FORM = 'kafka-member-1';

interface Kept {
  /** Made by us; undefined where the route names its own. */
  readonly instance: string | undefined;
  /** Partitions of each topic when they were last divided. */
  readonly counts: ReadonlyMap<string, number>;
  /** What told each topic from others of its name, where the server says that. */
  readonly topicIds: ReadonlyMap<string, string>;
}

/**
 * The `group.instance.id` of this process (KIP-345), the same at every start: the route's own word, or one that lies in
 * the state folder. A process that was killed and is back has its partitions again at once, where a member without one
 * waits until the session of its dead self ends.
 */
export class StaticMember {
  readonly #checkpoint: Checkpoint;
  readonly #named: string | undefined;
  #kept: Kept;

  constructor(checkpoint: Checkpoint, named: string | undefined) {
    this.#checkpoint = checkpoint;
    this.#named = named;
    this.#kept = readKept(checkpoint.read());
  }

  /** Whether the route names it: then an operator decides who has it, and it keeps its partitions over a stop. */
  get isNamed(): boolean {
    return this.#named !== undefined;
  }

  get instance(): string {
    return this.#named ?? this.#kept.instance ?? this.renew();
  }

  /** Another process has the same: its state folder is a copy of ours, or ours of its. Returns the new one. */
  renew(): string {
    const instance = `sluice-${randomBytes(8).toString('hex')}`;
    this.#write({ ...this.#kept, instance });
    return instance;
  }

  /** Whether this process, or an earlier one of the same state folder, was in the group. */
  get wasMember(): boolean {
    return this.#kept.counts.size > 0;
  }

  /** Whether topics had other numbers of partitions when they were last divided: what is given back lacks the new ones. */
  hasOther(counts: ReadonlyMap<string, number>): boolean {
    return [...counts].some(([topic, count]) => (this.#kept.counts.get(topic) ?? count) !== count);
  }

  /** Writes only what is new: a write waits for the disk. */
  divided(counts: ReadonlyMap<string, number>): void {
    const isSame = [...counts].every(([topic, count]) => this.#kept.counts.get(topic) === count);
    if (!isSame) this.#write({ ...this.#kept, counts: new Map(counts) });
  }

  /** Whether an earlier process read another topic of that name. */
  readOther(topic: string, id: string): boolean {
    return (this.#kept.topicIds.get(topic) ?? id) !== id;
  }

  /** Writes only what is new, as `divided`. */
  reads(topicIds: ReadonlyMap<string, string>): void {
    const isSame = [...topicIds].every(([topic, id]) => this.#kept.topicIds.get(topic) === id);
    if (!isSame) this.#write({ ...this.#kept, topicIds: new Map([...this.#kept.topicIds, ...topicIds]) });
  }

  #write(kept: Kept): void {
    this.#kept = kept;
    const counts = [...kept.counts].map(([topic, count]) => {
      const id = kept.topicIds.get(topic);
      return id === undefined ? `${topic}=${count}` : `${topic}=${count}=${id}`;
    });
    this.#checkpoint.write([FORM, kept.instance ?? '', ...counts].join(' '));
  }
}

/** Nothing is known of topics' ids where an earlier version wrote it. Nothing at all, where another bus kept the checkpoint before. */
function readKept(text = ''): Kept {
  const [form, instance = '', ...counts] = text.split(' ');
  if (form !== FORM) return { instance: undefined, counts: new Map(), topicIds: new Map() };
  const pairs = counts.map((pair) => pair.split('='));
  return {
    instance: instance === '' ? undefined : instance,
    counts: new Map(pairs.map(([topic = '', count]) => [topic, Number(count)])),
    topicIds: new Map(pairs.flatMap(([topic = '', , id]) => (id === undefined ? [] : [[topic, id] as const]))),
  };
}
