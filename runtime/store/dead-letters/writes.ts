import type { Database } from '#contract/database.ts';
import { messageOf, type SluiceError } from '#contract/errors.ts';

/** Writes that come within this time share one commit: a commit waits for the disk, and the process with it. */
const GROUP_MS = 5;
/** Another process is committing; this one goes on with its work in the meantime. */
const BUSY_MS = 20;

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: SluiceError) => void;
}

export interface WriteSettings {
  /** What a write that failed is told as. */
  readonly failure: (thrown: unknown) => SluiceError;
  readonly onCommit: () => void;
  /** Everything that the writes since the last commit did is undone. */
  readonly onRollback: () => void;
}

/** Joins small writes into few durable transactions. A write that fails, fails alone. */
export class LetterWrites {
  readonly #database: Database;
  readonly #settings: WriteSettings;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(database: Database, settings: WriteSettings) {
    this.#database = database;
    this.#settings = settings;
  }

  /** `write` runs within a transaction, perhaps twice, and only its last run counts. Resolves once it is durable. */
  add(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#timer ??= setTimeout(() => this.#commit(true), GROUP_MS);
    });
  }

  /** Commits what waits, now. */
  flush(): void {
    this.#commit(false);
  }

  #commit(mayWait: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#waiting;
    this.#waiting = [];
    if (group.length === 0) return;
    try {
      this.#run(group);
    } catch (thrown) {
      if (mayWait && isBusy(thrown)) {
        this.#waiting = [...group, ...this.#waiting];
        this.#timer = setTimeout(() => this.#commit(true), BUSY_MS);
        return;
      }
      // One write that the store refuses must not take the others of its group along.
      for (const one of group) this.#alone(one);
      return;
    }
    for (const { resolve } of group) resolve();
  }

  #alone(one: Waiting): void {
    try {
      this.#run([one]);
      one.resolve();
    } catch (thrown) {
      one.reject(this.#settings.failure(thrown));
    }
  }

  #run(group: readonly Waiting[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const { write } of group) write();
      this.#database.exec('COMMIT');
      this.#settings.onCommit();
    } catch (thrown) {
      // A full disk has rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#settings.onRollback();
      throw thrown;
    }
  }
}

/** Whether another process was at it. */
export function isBusy(thrown: unknown): boolean {
  return /database (table )?is locked/.test(messageOf(thrown));
}
