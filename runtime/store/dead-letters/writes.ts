import type { Database } from '#contract/database.ts';
import { messageOf, type SluiceError } from '#contract/errors.ts';

/** Writes within this time share one commit: a commit waits for the disk, and the process with it. */
const GROUP_MS = 5;
/** The pause while another process commits. */
const BUSY_MS = 20;

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: SluiceError) => void;
}

export interface WriteSettings {
  /** Makes the error of a failed write. */
  readonly failure: (thrown: unknown) => SluiceError;
  readonly onCommit: () => void;
  /** All writes since the last commit are rolled back. */
  readonly onRollback: () => void;
}

/** Joins small writes into few durable transactions. A failed write does not fail the others of its group. */
export class LetterWrites {
  readonly #database: Database;
  readonly #settings: WriteSettings;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(database: Database, settings: WriteSettings) {
    this.#database = database;
    this.#settings = settings;
  }

  /** `write` runs within a transaction, perhaps twice; only its last run counts. Resolves once it is durable. */
  add(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#timer ??= setTimeout(() => this.#commit(true), GROUP_MS);
    });
  }

  /** Commits waiting writes now. */
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
      // One refused write must not fail the others of its group.
      for (const one of group) this.#runAlone(one);
      return;
    }
    for (const { resolve } of group) resolve();
  }

  #runAlone(one: Waiting): void {
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
      // SQLite itself rolls back on a full disk.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#settings.onRollback();
      throw thrown;
    }
  }
}

/** Whether another process held the lock. */
export function isBusy(thrown: unknown): boolean {
  return /database (table )?is locked/.test(messageOf(thrown));
}
