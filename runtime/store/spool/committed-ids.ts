import type { Database, Statement } from '#contract/database.ts';
import { Deque } from '#kit/deque.ts';

/** Longer ids are not remembered: whoever makes such ones has room for one message twice. */
const MAX_ID_LENGTH = 512;

/** Ids that one transaction brought. */
interface Group {
  readonly number: number;
  readonly ids: readonly string[];
  readonly length: number;
}

/** How many are remembered, and how long they may be together. */
export interface Memory {
  readonly ids: number;
  readonly length: number;
}

/**
 * Ids of the messages that were committed last, whatever became of them: a source whose settlements were lost with the
 * connection, or the machine, delivers them again, and what was sent meanwhile would follow newer ones. One row holds
 * the ids of one transaction.
 */
export class Remembered {
  readonly #max: Memory;
  /** The newest group of each. */
  readonly #ids = new Map<string, number>();
  readonly #groups = new Deque<Group>();
  readonly #insert: Statement;
  readonly #remove: Statement;
  #length = 0;
  #last = 0;

  /** Throws what the database says. */
  constructor(database: Database, max: Memory) {
    this.#max = max;
    this.#insert = database.prepare('INSERT INTO remembered (number, ids) VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM remembered WHERE number <= ?');
    if (max.ids === 0) return;
    for (const { number, ids } of database.prepare('SELECT number, ids FROM remembered ORDER BY number').all()) {
      this.#enter(groupOf(Number(number), idsIn(ids)));
    }
  }

  /** The transaction that brought it last, counted upwards; undefined for one that is not remembered. */
  groupOf(id: string): number | undefined {
    return this.#ids.get(id);
  }

  /** Above the group of every id that is remembered. */
  get nextGroup(): number {
    return this.#last + 1;
  }

  /** Within a transaction. The function returned is called once it holds. */
  write(ids: readonly string[]): () => void {
    if (this.#max.ids === 0 || ids.length === 0) return () => {};
    const group = groupOf(
      this.#last + 1,
      ids.filter(({ length }) => length <= MAX_ID_LENGTH),
    );
    this.#insert.run(group.number, JSON.stringify(group.ids));
    const due = this.#due(group);
    const last = due.at(-1);
    if (last !== undefined) this.#remove.run(last.number);
    return () => {
      this.#enter(group);
      for (const old of due) this.#leave(old);
    };
  }

  /** Groups without which enough are remembered, and those for which there is no room. */
  #due(coming: Group): Group[] {
    const due: Group[] = [];
    let count = this.#ids.size + coming.ids.length;
    let length = this.#length + coming.length;
    for (let oldest = this.#groups.at(0); oldest !== undefined; oldest = this.#groups.at(due.length)) {
      count -= oldest.ids.length;
      if (count < this.#max.ids && length <= this.#max.length) break;
      length -= oldest.length;
      due.push(oldest);
    }
    return due;
  }

  #enter(group: Group): void {
    this.#last = group.number;
    this.#length += group.length;
    this.#groups.push(group);
    for (const id of group.ids) this.#ids.set(id, group.number);
  }

  #leave(group: Group): void {
    this.#groups.shift();
    this.#length -= group.length;
    for (const id of group.ids) if (this.#ids.get(id) === group.number) this.#ids.delete(id);
  }
}

function groupOf(number: number, ids: readonly string[]): Group {
  return { number, ids, length: ids.reduce((length, id) => length + id.length, 0) };
}

function idsIn(text: unknown): readonly string[] {
  try {
    const ids: unknown = JSON.parse(String(text));
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    // No message is in it: a damaged one costs a repetition at most.
    return [];
  }
}
