import { randomBytes } from 'node:crypto';
import type { Memo } from '#contract/memo.ts';

/** The memo's first word. Topics have neither blanks nor equals signs in their names. */
const FORM = 'kafka-member-1';

interface Kept {
  /** Made by us; undefined where the route names its own. */
  readonly instance: string | undefined;
  /** Partitions of each topic when they were last divided. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * The `group.instance.id` of this process (KIP-345), the same at every start: the route's own word, or one that lies in
 * the state folder. A process that was killed and is back has its partitions again at once, where a member without one
 * waits until the session of its dead self ends.
 */
export class StaticMember {
  readonly #memo: Memo;
  readonly #named: string | undefined;
  #kept: Kept;

  constructor(memo: Memo, named: string | undefined) {
    this.#memo = memo;
    this.#named = named;
    this.#kept = readKept(memo.read());
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

  #write(kept: Kept): void {
    this.#kept = kept;
    const counts = [...kept.counts].map(([topic, count]) => `${topic}=${count}`);
    this.#memo.write([FORM, kept.instance ?? '', ...counts].join(' '));
  }
}

/** Nothing, where another bus kept the memo before. */
function readKept(text = ''): Kept {
  const [form, instance = '', ...counts] = text.split(' ');
  if (form !== FORM) return { instance: undefined, counts: new Map() };
  const pairs = counts.map((pair) => pair.split('='));
  return {
    instance: instance === '' ? undefined : instance,
    counts: new Map(pairs.map(([topic = '', count]) => [topic, Number(count)])),
  };
}
