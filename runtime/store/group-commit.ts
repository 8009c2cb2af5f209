import type { Database } from '#contract/database.ts';
import type { LogSync } from './log-sync.ts';

/** At most one commit in this time: each one waits for the disk. */
const GROUP_MS = 5;
/** A larger transaction would hold the event loop for longer. */
const GROUP_SIZE = 256;

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

/**
 * Writes to a database in groups, each durable as a whole: the writes of all its users share a transaction. While the disk
 * syncs one group the next one grows.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #log: LogSync | undefined;
  #waiting: Waiting[] = [];
  /** Written, and not durable yet. */
  #syncing: readonly Waiting[] | undefined;
  /** Cancels the scheduled commit. */
  #cancel: (() => void) | undefined;
  #committedAtMs = Number.NEGATIVE_INFINITY;

  /** Without `log` the event loop waits for the disk. */
  constructor(database: Database, log?: LogSync) {
    this.#database = database;
    this.#log = log;
  }

  /** `write` runs once, within a transaction. Resolves once it is durable; rejects with the error of the database or the disk. */
  add(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      if (this.#waiting.length >= GROUP_SIZE) this.#commit();
      else this.#soon();
    });
  }

  /** Commits everything now, and waits for the disk. */
  flush(): void {
    const syncing = this.#syncing;
    if (syncing !== undefined) settle(syncing, () => this.#log?.syncNow());
    const group = this.#waiting;
    this.#waiting = [];
    this.#cancel?.();
    if (group.length > 0) settle(group, () => this.#transaction(group));
  }

  /** A single write waits only for the next turn of the event loop. */
  #soon(): void {
    if (this.#cancel !== undefined || this.#syncing !== undefined) return;
    const leftMs = this.#committedAtMs + GROUP_MS - performance.now();
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
    const group = this.#waiting.slice(0, GROUP_SIZE);
    if (group.length === 0) return;
    this.#waiting = this.#waiting.slice(GROUP_SIZE);
    const log = this.#log;
    if (log === undefined) settle(group, () => this.#transaction(group));
    else {
      this.#syncing = group;
      void this.#commitApart(group, log).then(() => {
        this.#syncing = undefined;
        if (this.#waiting.length >= GROUP_SIZE) this.#commit();
        else if (this.#waiting.length > 0) this.#soon();
      });
    }
    this.#committedAtMs = performance.now();
  }

  /** Never rejects. */
  async #commitApart(group: readonly Waiting[], log: LogSync): Promise<void> {
    try {
      log.write(() => this.#transaction(group));
      await log.sync();
      for (const { resolve } of group) resolve();
    } catch (thrown) {
      for (const { reject } of group) reject(thrown);
    }
    await log.checkpoint();
  }

  #transaction(group: readonly Waiting[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const { write } of group) write();
      this.#database.exec('COMMIT');
    } catch (thrown) {
      // SQLite itself rolls back on a full disk.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }
}

/** Resolves the writes once `act` has made them durable, or rejects them with its error. */
function settle(group: readonly Waiting[], act: () => void): void {
  try {
    act();
  } catch (thrown) {
    for (const { reject } of group) reject(thrown);
    return;
  }
  for (const { resolve } of group) resolve();
}
