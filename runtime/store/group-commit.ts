import type { Database } from '#contract/database.ts';

/** At most one commit in this time: a commit waits for the disk, and the process with it. */
const GROUP_MS = 5;
/** A larger commit would block the process for longer than a further commit costs. */
const GROUP_SIZE = 256;

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

/** Writes to a database in groups, each durable as a whole: the writes of all its users share a transaction. */
export class GroupCommit {
  readonly #database: Database;
  #waiting: Waiting[] = [];
  /** Cancels the scheduled flush. */
  #cancel: (() => void) | undefined;
  #flushedAtMs = Number.NEGATIVE_INFINITY;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `write` runs once, within a transaction. Resolves once it is durable; rejects with the database's error. */
  add(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      if (this.#waiting.length >= GROUP_SIZE) this.flush();
      else this.#cancel ??= this.#soon();
    });
  }

  /** A single write waits only for the next turn of the event loop. */
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
        for (const { write } of group) write();
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
