import type { DatabaseSync } from 'node:sqlite';

/** What comes within this time shares one commit: a commit waits for the disk, and the process with it. */
const GROUP_MS = 5;
/** A commit of more would hold up the process for longer than a commit of its own costs. */
const GROUP_SIZE = 256;

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

/** Writes to a database in groups, each durable as a whole. */
export class GroupCommit<T> {
  readonly #database: DatabaseSync;
  readonly #write: (items: readonly T[]) => void;
  #waiting: Waiting<T>[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `write` is called within a transaction. */
  constructor(database: DatabaseSync, write: (items: readonly T[]) => void) {
    this.#database = database;
    this.#write = write;
  }

  /** Resolves once it is durable; rejects with what the database says. */
  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length >= GROUP_SIZE) this.flush();
      else this.#timer ??= setTimeout(() => this.flush(), GROUP_MS);
    });
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        this.#write(group.map(({ item }) => item));
        this.#database.exec('COMMIT');
      } catch (thrown) {
        // A full disk has rolled back by itself.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw thrown;
      }
    } catch (thrown) {
      for (const { reject } of group) reject(thrown);
      return;
    }
    for (const { resolve } of group) resolve();
  }
}
