import { closeSync, fdatasyncSync, fstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from '#contract/database.ts';
import { syncApart } from './sync-apart.ts';
import { canSyncApart, syncFolder } from './sync-files.ts';
import { WatchedDatabase } from './watched-database.ts';

/** The size of a log whose content is copied into the file: a larger one would hold the event loop for longer. */
export const CHECKPOINT_BYTES = 2 * 1024 ** 2;
/** Other writes between two looks at the size of the log. */
const OTHER_WRITES = 64;

/** The files that are open beside the database's own: to sync them. Of one opening of the database. */
interface Descriptors {
  readonly generation: number;
  readonly log: number;
  readonly file: number;
}

/**
 * Moves the waiting for the disk out of the event loop. A transaction is written into the log (`-wal`) without a sync, and a
 * thread syncs the log behind it; once that is done, the transaction is as durable as one of `synchronous = FULL`.
 *
 * Three laws keep the file whole over a power cut. Only a log that is synced is copied into the file. The log is used again from
 * its start, or removed, only when all of its content is in the file and the file is synced, and when the emptied log is synced.
 * SQLite would sync all of it itself, and does so at `synchronous = FULL`, at which the database stands outside of `write`. And
 * SQLite never copies the log by itself.
 *
 * One user calls `write`, `sync` and `checkpoint` in this order, and none before the one before has ended. Other writes to the
 * database may come at any time, and wait for the disk.
 */
export class LogSync {
  readonly #database: WatchedDatabase;
  readonly #syncApart: (descriptor: number) => Promise<void>;
  readonly #syncHere: (descriptor: number) => void;
  #open: Descriptors | undefined;
  /** The log is empty or grows: a transaction without sync may be appended. */
  #isReady = false;
  /** The last `write` is not on the disk. */
  #isUnsynced = false;
  /** The content of the log is in the file, which is not on the disk. */
  #isFileUnsynced = false;
  /** Another write has appended to the log, perhaps without a sync. */
  #hasOtherFrames = false;
  /** A sync has failed. The disk may have dropped what was written: only a new file is certain. */
  #isUncertain = false;
  #isWriting = false;
  #isClosed = false;
  #inFlight = 0;
  #otherWrites = 0;

  /** The syncs are those of the disk unless a test has its own: one outside of the event loop, one that holds it. */
  constructor(
    database: WatchedDatabase,
    sync: (descriptor: number) => Promise<void> = syncApart,
    syncNow: (descriptor: number) => void = fdatasyncSync,
  ) {
    this.#database = database;
    this.#syncApart = sync;
    this.#syncHere = syncNow;
    database.beforeWrite = () => this.#beforeOtherWrite();
    this.#prepare();
  }

  /** Runs a transaction and does not wait for the disk: `sync` does. Throws the error of `act`. */
  write<T>(act: () => T): T {
    if (this.#isUncertain) this.#renew();
    if (!this.#isReady || this.#open?.generation !== this.#database.generation) this.#prepare();
    if (!this.#isReady) return act();
    this.#isWriting = true;
    this.#database.exec('PRAGMA synchronous = OFF');
    try {
      const result = act();
      this.#isUnsynced = true;
      return result;
    } finally {
      this.#isWriting = false;
      this.#standAtFull();
    }
  }

  /**
   * Resolves once the last `write` is on the disk; undefined: it is. Rejects with the file system's error, or with STATE_GONE: then
   * it may be called again.
   */
  sync(): Promise<void> | undefined {
    return this.#isUnsynced ? this.#sync() : undefined;
  }

  /** The same at once, while `sync` may be at work. Throws as it rejects. */
  syncNow(): void {
    if (!this.#isUnsynced) return;
    if (this.#isUncertain) this.#renew();
    else if (this.#open?.generation === this.#database.generation) this.#syncNow(this.#open.log);
    this.#isUnsynced = false;
  }

  /** Copies a log that has grown into the file. Never rejects: a log that cannot be copied grows. */
  async checkpoint(): Promise<void> {
    const open = this.#open;
    if (open === undefined || !this.#isUsable(open)) return;
    try {
      if (fstatSync(open.log).size < CHECKPOINT_BYTES) return;
      if (this.#hasOtherFrames) {
        this.#hasOtherFrames = false;
        await this.#apart(open.log);
        // With others meanwhile it is for the next one to copy: the groups wait for this one.
        if (this.#hasOtherFrames || !this.#isUsable(open)) return;
      }
      const { busy, log, checkpointed } = this.#pragma('OFF', 'wal_checkpoint(PASSIVE)');
      if (busy !== 0 || log !== checkpointed) return;
      this.#isFileUnsynced = true;
      await this.#apart(open.file);
      if (!this.#isUsable(open)) return;
      // Meanwhile another write has synced the file, and uses the log again, or has failed: then it is empty and not synced.
      const isSynced = this.#isFileUnsynced;
      this.#isReady = false;
      if (!isSynced) return;
      this.#isFileUnsynced = false;
      this.#isReady = this.#pragma('OFF', 'wal_checkpoint(TRUNCATE)').busy === 0;
      if (this.#isReady) await this.#apart(open.log);
    } catch {
      // Such as a full disk: the log has all of it. What a failed sync means, the next write knows.
    }
  }

  /** Whether the log is as it was after `write`, and trusted. */
  #isUsable({ generation }: Descriptors): boolean {
    const isSame = generation === this.#database.generation;
    return this.#isReady && isSame && !this.#isUncertain && !this.#isClosed;
  }

  /** Empties the log at once, for its space. Throws the database's error. */
  truncate(): void {
    // Such a log has what the file may lack.
    if (this.#isUncertain) return;
    this.#isReady = false;
    this.#finishFile();
    this.#pragma('FULL', 'wal_checkpoint(TRUNCATE)');
  }

  /** To be called once the database is closed: a file that is closed before loses its lock. */
  close(): void {
    this.#isClosed = true;
    if (this.#inFlight === 0) this.#closeDescriptors();
  }

  async #sync(): Promise<void> {
    if (this.#isUncertain) this.#renew();
    else {
      try {
        const open = this.#open;
        // A file that was written again while the transaction began has it durably.
        if (open !== undefined && open.generation === this.#database.generation) await this.#apart(open.log);
        // A file that was removed meanwhile is written again, with the transaction.
        if (!this.#isClosed) this.#assertThere();
      } catch (thrown) {
        this.#isUncertain = true;
        throw thrown;
      }
    }
    this.#isUnsynced = false;
  }

  #assertThere(): void {
    this.#isWriting = true;
    try {
      this.#database.checkFile('writes');
    } finally {
      this.#isWriting = false;
    }
  }

  #standAtFull(): void {
    try {
      if (this.#database.isOpen) this.#database.exec('PRAGMA synchronous = FULL');
    } catch {
      // A transaction that could not be rolled back: other writes would not be synced.
      this.#isUncertain = true;
    }
  }

  /** Makes the log one that transactions without sync may be appended to. Leaves it as it is where that fails. */
  #prepare(): void {
    this.#isReady = false;
    try {
      const open = this.#descriptors();
      this.#database.exec('PRAGMA wal_autocheckpoint = 0');
      this.#finishFile();
      if (this.#pragma('FULL', 'wal_checkpoint(TRUNCATE)').busy !== 0) return;
      this.#syncNow(open.log);
      this.#isReady = true;
    } catch {
      // Such as a full disk. SQLite itself syncs each transaction meanwhile, and reports the cause.
    }
  }

  #descriptors(): Descriptors {
    const { path, generation } = this.#database;
    if (this.#open?.generation === generation) return this.#open;
    // The log is made with the first read.
    this.#database.prepare('SELECT count(*) FROM sqlite_schema').get();
    this.#closeDescriptors();
    const log = openSync(`${path}-wal`, 'r+');
    this.#open = { generation, log, file: openSync(path, 'r+') };
    syncFolder(dirname(path));
    this.#isFileUnsynced = false;
    return this.#open;
  }

  /** A new file with everything that this process sees, durably. Throws STATE_GONE, or the database's error. */
  #renew(): void {
    this.#database.rewrite();
    this.#isUncertain = false;
    this.#isUnsynced = false;
    this.#isFileUnsynced = false;
  }

  /** Another write is about to use the log again, perhaps from its start; or the database is about to be closed. */
  #beforeOtherWrite(): void {
    if (this.#isWriting) return;
    if (this.#isUncertain) this.#renew();
    this.#finishFile();
    this.#hasOtherFrames = true;
    this.#otherWrites += 1;
    const log = this.#open?.log;
    if (this.#otherWrites % OTHER_WRITES !== 0 || log === undefined) return;
    if (fstatSync(log).size > 2 * CHECKPOINT_BYTES) this.truncate();
  }

  #finishFile(): void {
    if (!this.#isFileUnsynced || this.#open === undefined) return;
    this.#syncNow(this.#open.file);
    this.#isFileUnsynced = false;
  }

  #syncNow(descriptor: number): void {
    try {
      this.#syncHere(descriptor);
    } catch (thrown) {
      // The system reports the failure once: the next sync would succeed, and prove nothing.
      this.#isUncertain = true;
      throw thrown;
    }
  }

  #pragma(synchronous: 'OFF' | 'FULL', pragma: string): { busy: number; log: number; checkpointed: number } {
    this.#database.exec(`PRAGMA synchronous = ${synchronous}`);
    try {
      const row = this.#database.prepare(`PRAGMA ${pragma}`).get();
      return { busy: Number(row?.['busy']), log: Number(row?.['log']), checkpointed: Number(row?.['checkpointed']) };
    } finally {
      if (synchronous === 'OFF') this.#standAtFull();
    }
  }

  async #apart(descriptor: number): Promise<void> {
    this.#inFlight += 1;
    try {
      await this.#syncApart(descriptor);
    } catch (thrown) {
      this.#isUncertain = true;
      throw thrown;
    } finally {
      this.#inFlight -= 1;
      if (this.#isClosed && this.#inFlight === 0) this.#closeDescriptors();
    }
  }

  #closeDescriptors(): void {
    if (this.#open === undefined) return;
    const { log, file } = this.#open;
    this.#open = undefined;
    closeSync(log);
    closeSync(file);
  }
}

/** Undefined where the event loop itself must wait: under Node's permission model, and for a database that is not watched. */
export function logSyncOf(database: Database): LogSync | undefined {
  return canSyncApart && database instanceof WatchedDatabase ? new LogSync(database) : undefined;
}
