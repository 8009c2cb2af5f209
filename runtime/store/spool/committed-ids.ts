import type { Database, Statement } from '#contract/database.ts';
import { Deque } from '#kit/deque.ts';

/** Longer ids are not remembered: such a message may be stored twice. */
const MAX_ID_LENGTH = 512;

/** Ids of one transaction. */
interface Group {
  readonly number: number;
  readonly ids: readonly string[];
  readonly length: number;
}

/** How many ids are remembered, and their total length. */
export interface IdBounds {
  readonly ids: number;
  readonly length: number;
}

/**
 * Ids of the messages that were committed last, whether or not they were sent since. A source whose settlements were lost
 * with the connection, or the machine, delivers them again: a message that was already sent would follow newer ones. One
 * row holds the ids of one transaction.
 */
export class CommittedIds {
  readonly #max: IdBounds;
  /** The newest group of each id. */
  readonly #ids = new Map<string, number>();
  readonly #groups = new Deque<Group>();
  readonly #insert: Statement;
  readonly #remove: Statement;
  #length = 0;
  #last = 0;

  /** Throws the database's error. */
  constructor(database: Database, max: IdBounds) {
    this.#max = max;
    this.#insert = database.prepare('INSERT INTO remembered (number, ids) VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM remembered WHERE number <= ?');
    if (max.ids === 0) return;
    for (const { number, ids } of database.prepare('SELECT number, ids FROM remembered ORDER BY number').all()) {
      this.#add(groupOf(Number(number), idsIn(ids)));
    }
  }

  /** The number of the transaction that stored the id last, counted upwards; undefined for an id that is not remembered. */
  groupOf(id: string): number | undefined {
    return this.#ids.get(id);
  }

  /** Above the group of every id that is remembered. */
  get nextGroup(): number {
    return this.#last + 1;
  }

  /** Called within a transaction; the function returned is to be called once it is committed. */
  write(ids: readonly string[]): () => void {
    if (this.#max.ids === 0 || ids.length === 0) return () => {};
    const group = groupOf(
      this.#last + 1,
      ids.filter(({ length }) => length <= MAX_ID_LENGTH),
    );
    this.#insert.run(group.number, JSON.stringify(group.ids));
    const expired = this.#expired(group);
    const last = expired.at(-1);
    if (last !== undefined) this.#remove.run(last.number);
    return () => {
      this.#add(group);
      for (const old of expired) this.#forget(old);
    };
  }

  /** Groups to be forgotten: enough ids are remembered without them, or there is no room for them. */
  #expired(coming: Group): Group[] {
    const expired: Group[] = [];
    let count = this.#ids.size + coming.ids.length;
    let length = this.#length + coming.length;
    for (let oldest = this.#groups.at(0); oldest !== undefined; oldest = this.#groups.at(expired.length)) {
      count -= oldest.ids.length;
      if (count < this.#max.ids && length <= this.#max.length) break;
      length -= oldest.length;
      expired.push(oldest);
    }
    return expired;
  }

  #add(group: Group): void {
    this.#last = group.number;
    this.#length += group.length;
    this.#groups.push(group);
    for (const id of group.ids) this.#ids.set(id, group.number);
  }

  #forget(group: Group): void {
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
    // The row holds no message: a damaged one costs a repetition at most.
    return [];
  }
}
