import type { Database } from '#contract/database.ts';
import { Deque } from '#kit/deque.ts';
import type { LogSync } from './log-sync.ts';

/** At most one commit in this time: each one waits for the disk. */
const GROUP_MS = 5;
/** Rows. A larger transaction would hold the event loop for longer. */
const GROUP_SIZE = 256;

/** The writes of one transaction. They are durable together, so they share a promise. */
class Group {
  readonly writes: (() => void)[] = [];
  /** That the writes may write. */
  rows = 0;
  readonly durable: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.durable = promise;
    this.resolve = resolve;
    this.reject = reject;
  }
}

/**
 * Writes to a database in groups, each durable as a whole: the writes of all its users share a transaction. While the disk
 * syncs one group the next one grows.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #log: LogSync | undefined;
  readonly #groupMs: number;
  readonly #waiting = new Deque<Group>();
  /** Written, and not durable yet. */
  #syncing: Group | undefined;
  /** Cancels the scheduled commit. */
  #cancel: (() => void) | undefined;
  #committedAtMs = Number.NEGATIVE_INFINITY;

  /** Without `log` the event loop waits for the disk. */
  constructor(database: Database, log?: LogSync, groupMs: number = GROUP_MS) {
    this.#database = database;
    this.#log = log;
    this.#groupMs = groupMs;
  }

  /**
   * `write` runs once, within a transaction, and writes at most so many rows. Resolves once it is durable; rejects with the
   * error of the database or the disk. All writes of one transaction get the same promise.
   */
  add(write: () => void, rows = 1): Promise<void> {
    let group = this.#waiting.at(this.#waiting.size - 1);
    if (group === undefined || group.rows >= GROUP_SIZE) {
      group = new Group();
      this.#waiting.push(group);
    }
    group.writes.push(write);
    group.rows += rows;
    if (group.rows >= GROUP_SIZE) this.#commit();
    else this.#soon();
    return group.durable;
  }

  /** Commits everything now, and waits for the disk. */
  flush(): void {
    const syncing = this.#syncing;
    if (syncing !== undefined) settle(syncing, () => this.#log?.syncNow());
    this.#cancel?.();
    for (let group = this.#waiting.shift(); group !== undefined; group = this.#waiting.shift()) this.#write(group);
  }

  /** A single write waits only for the next turn of the event loop. */
  #soon(): void {
    if (this.#cancel !== undefined || this.#syncing !== undefined) return;
    const leftMs = this.#committedAtMs + this.#groupMs - performance.now();
    if (leftMs <= 0) {
      const turn = setImmediate(() => this.#commit());
      this.#cancel = () => clearImmediate(turn);
    } else {
      const timer = setTimeout(() => this.#commit(), leftMs);
      this.#cancel = () => clearTimeout(timer);
    }
  }

  #commit(): void {
    if (this.#syncing !== undefined) return;
    this.#cancel?.();
    this.#cancel = undefined;
    const group = this.#waiting.shift();
    if (group === undefined) return;
    const log = this.#log;
    if (log === undefined) this.#write(group);
    else {
      this.#syncing = group;
      void this.#commitApart(group, log).then(() => {
        this.#syncing = undefined;
        const next = this.#waiting.at(0);
        if (next === undefined) return;
        if (next.rows >= GROUP_SIZE) this.#commit();
        else this.#soon();
      });
    }
    this.#committedAtMs = performance.now();
  }

  /** Never rejects. */
  async #commitApart(group: Group, log: LogSync): Promise<void> {
    try {
      log.write(() => this.#transaction(group));
      await log.sync();
      group.resolve();
    } catch (thrown) {
      group.reject(thrown);
    }
    await log.checkpoint();
  }

  #write(group: Group): void {
    settle(group, () => this.#transaction(group));
  }

  #transaction({ writes }: Group): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const write of writes) write();
      this.#database.exec('COMMIT');
    } catch (thrown) {
      // SQLite itself rolls back on a full disk.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }
}

/** Resolves the writes once `act` has made them durable, or rejects them with its error. */
function settle(group: Group, act: () => void): void {
  try {
    act();
  } catch (thrown) {
    group.reject(thrown);
    return;
  }
  group.resolve();
}
