import type { Database } from '#contract/database.ts';

/** At most one commit in this time: a commit waits for the disk, and the process with it. */
const GROUP_MS = 5;
/** A larger commit would block the process for longer than a further commit costs. */
const GROUP_SIZE = 256;

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

/** Writes to a database in groups, each durable as a whole. */
export class GroupCommit<T> {
  readonly #database: Database;
  readonly #write: (items: readonly T[]) => void;
  #waiting: Waiting<T>[] = [];
  /** Cancels the scheduled flush. */
  #cancel: (() => void) | undefined;
  #flushedAtMs = Number.NEGATIVE_INFINITY;

  /** `write` is called within a transaction. */
  constructor(database: Database, write: (items: readonly T[]) => void) {
    this.#database = database;
    this.#write = write;
  }

  /** Resolves once the item is durable; rejects with the database's error. */
  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length >= GROUP_SIZE) this.flush();
      else this.#cancel ??= this.#soon();
    });
  }

  /** A single item waits only for the next turn of the event loop. */
  #soon(): () => void {
    const leftMs = this.#flushedAtMs + GROUP_MS - performance.now();
    if (leftMs <= 0) {
      const turn = setImmediate(() => this.flush());
      return () => clearImmediate(turn);
    }
    const timer = setTimeout(() => this.flush(), leftMs);
    return () => clearTimeout(timer);
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        this.#write(group.map(({ item }) => item));
        this.#database.exec('COMMIT');
      } catch (thrown) {
        // SQLite itself rolls back on a full disk.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw thrown;
      }
    } catch (thrown) {
      for (const { reject } of group) reject(thrown);
      return;
    }
    this.#flushedAtMs = performance.now();
    for (const { resolve } of group) resolve();
  }
}
