import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Database, SqlNamed, SqlRow, SqlValue, Statement } from '#contract/database.ts';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { syncFile, syncFolder } from './sync-files.ts';
import { isOnDevice, makePrivate, SIDECARS } from './private-file.ts';
import { isFullDisk } from './state-error.ts';

export interface WatchSettings {
  /** Opens the file. Throws the database's error. */
  readonly open: (path: string) => DatabaseSync;
  /** A file that was gone was written again, with all its content. */
  readonly onRewritten?: (path: string) => void;
  /** The disk is full: space released here may be found by the next attempt. */
  readonly onFull?: () => void;
}

/** Identifies a file independently of its name. */
interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/** The file and the sidecars that exist as long as it is open. */
const WATCHED = ['', ...SIDECARS.filter((side) => side !== '-journal')];

/**
 * A database that detects the loss of its file. Data written into a deleted file is lost with the process, and neither SQLite
 * nor the disk reports an error. So before a transaction begins or is committed, the names are checked to stand for the
 * files that were opened. A file that is gone is written again from the open one, and statements go on with the new one.
 * If that fails, or another file lies in its place, writing throws STATE_GONE; reading goes on.
 */
export class WatchedDatabase implements Database {
  /**
   * Called before a statement outside of a transaction that is not a read, and before the end, which removes the log. Throws its
   * error in the place of the statement's.
   */
  beforeWrite: (() => void) | undefined;
  readonly #path: string;
  readonly #settings: WatchSettings;
  readonly #identities = new Map<string, FileIdentity>();
  #database: DatabaseSync;
  /** How often the database was opened: statements of an earlier one are compiled again. */
  #generation = 1;
  #isClosed = false;

  /** Throws the database's error. */
  constructor(path: string, settings: WatchSettings) {
    this.#path = path;
    this.#settings = settings;
    this.#database = settings.open(path);
    this.#recordIdentities();
  }

  get path(): string {
    return this.#path;
  }

  /** Another one after each opening: pragmas of the one before no longer hold, and its files may be others. */
  get generation(): number {
    return this.#generation;
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  get isTransaction(): boolean {
    return this.#database.isTransaction;
  }

  exec(sql: string): void {
    this.checkFile(kindOf(sql));
    this.reportFull(() => this.#database.exec(sql));
  }

  prepare(sql: string): Statement {
    return new WatchedStatement(this, sql);
  }

  /** Throws the error of `beforeWrite`; it is closed then, too. */
  close(): void {
    try {
      if (this.#database.isOpen) this.beforeWrite?.();
    } finally {
      this.#isClosed = true;
      if (this.#database.isOpen) this.#database.close();
    }
  }

  /** Throws STATE_GONE where such a statement's writes would be lost. A transaction is rolled back before. */
  checkFile(kind: Kind): void {
    if (kind === 'reads') return;
    if (!this.#database.isOpen) this.#reopen();
    if (!this.#database.isTransaction) {
      this.#restore(this.#missing());
      this.beforeWrite?.();
    } else if (kind === 'commits') this.#assertPresent();
  }

  /** Writes the file again from the open one, durably. Throws STATE_GONE where that fails or another file is in its place. */
  rewrite(): void {
    const missing = this.#missing();
    this.#restore(missing ?? `a disk that did not sync ${this.#path}`, missing !== undefined);
  }

  /** Calls `onFull` for the error of a full disk. Throws the error of `act`. */
  reportFull<T>(act: () => T): T {
    try {
      return act();
    } catch (thrown) {
      if (isFullDisk(thrown)) this.#settings.onFull?.();
      throw thrown;
    }
  }

  /** The statement, compiled for the database that is open now. */
  compiled(sql: string, known: Compiled | undefined): Compiled {
    if (known?.generation === this.#generation) return known;
    return { generation: this.#generation, statement: this.#database.prepare(sql) };
  }

  /** The first file that is missing; undefined where all are there. Throws STATE_GONE where the file cannot be restored. */
  #missing(): string | undefined {
    let missing: string | undefined;
    for (const side of WATCHED) {
      const known = this.#identities.get(side);
      const found = this.#identityOf(side);
      if (known === undefined) {
        // SQLite makes the sidecars with the first write.
        if (found !== undefined) this.#identities.set(side, found);
      } else if (found === undefined) missing ??= `no file ${this.#path}${side}`;
      else if (found.inode !== known.inode || found.device !== known.device) {
        const other = `another file in the place of ${this.#path}${side}`;
        if (side === '') throw this.#gone(other);
        missing ??= other;
      }
    }
    return missing;
  }

  #assertPresent(): void {
    let gone: SluiceError | undefined;
    try {
      const missing = this.#missing();
      if (missing === undefined) return;
      gone = this.#gone(missing);
    } catch (thrown) {
      gone = thrown instanceof SluiceError ? thrown : this.#gone(messageOf(thrown));
    }
    this.#database.exec('ROLLBACK');
    throw gone;
  }

  #restore(missing: string | undefined, isReported = true): void {
    if (missing === undefined) return;
    try {
      this.#rewrite();
    } catch (thrown) {
      if (thrown instanceof SluiceError) throw thrown;
      throw this.#gone(`${missing}, and it cannot be written again: ${messageOf(thrown)}`, thrown);
    }
    if (isReported) this.#settings.onRewritten?.(this.#path);
  }

  /** At each moment the open database or a complete file has everything. */
  #rewrite(): void {
    const folder = dirname(this.#path);
    const device = this.#identities.get('')?.device;
    // The disk may be unmounted, and the path lie on another one.
    if (!isOnDevice(folder, device)) throw new Error('the disk is another one');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.#path}.anew`;
    rmSync(fresh, { force: true });
    makePrivate(fresh);
    try {
      this.reportFull(() => this.#database.exec(`VACUUM INTO '${fresh.replaceAll("'", "''")}'`));
      syncFile(fresh);
      renameSync(fresh, this.#path);
    } catch (thrown) {
      // On a full disk it would keep the room that is needed.
      rmSync(fresh, { force: true });
      throw thrown;
    }
    syncFolder(folder);
    // Closing removes the sidecars of that name, so it comes before the new file is opened.
    this.#database.close();
    for (const side of SIDECARS) rmSync(this.#path + side, { force: true });
    this.#reopen();
  }

  #reopen(): void {
    if (this.#isClosed) throw new Error('database is not open');
    this.#database = this.#settings.open(this.#path);
    this.#generation += 1;
    this.#identities.clear();
    this.#recordIdentities();
  }

  #recordIdentities(): void {
    for (const side of WATCHED) {
      const found = this.#identityOf(side);
      if (found !== undefined) this.#identities.set(side, found);
    }
  }

  #identityOf(side: string): FileIdentity | undefined {
    try {
      const found = statSync(this.#path + side, { bigint: true, throwIfNoEntry: false });
      return found && { device: found.dev, inode: found.ino };
    } catch (thrown) {
      throw this.#gone(messageOf(thrown));
    }
  }

  #gone(found: string, cause?: unknown): SluiceError {
    return new SluiceError('STATE_GONE', `expected ${this.#path} as it was opened, found ${found}`, { cause });
  }
}

type SqlInput = SqlValue | SqlNamed;

/** A statement that changes nothing, one that ends a transaction, or any other. */
type Kind = 'reads' | 'commits' | 'writes';

interface Compiled {
  readonly generation: number;
  readonly statement: StatementSync;
}

class WatchedStatement implements Statement {
  readonly #database: WatchedDatabase;
  readonly #sql: string;
  readonly #kind: Kind;
  #compiled: Compiled | undefined;

  constructor(database: WatchedDatabase, sql: string) {
    this.#database = database;
    this.#sql = sql;
    this.#kind = kindOf(sql);
    this.#compiled = database.compiled(sql, undefined);
  }

  get(...values: SqlValue[]): SqlRow | undefined;
  get(named: SqlNamed): SqlRow | undefined;
  get(...values: SqlInput[]): SqlRow | undefined {
    const statement = this.#now();
    return arePlain(values) ? statement.get(...values) : statement.get(named(values));
  }

  all(...values: SqlValue[]): SqlRow[];
  all(named: SqlNamed): SqlRow[];
  all(...values: SqlInput[]): SqlRow[] {
    const statement = this.#now();
    return arePlain(values) ? statement.all(...values) : statement.all(named(values));
  }

  iterate(...values: SqlValue[]): Iterable<SqlRow>;
  iterate(named: SqlNamed): Iterable<SqlRow>;
  iterate(...values: SqlInput[]): Iterable<SqlRow> {
    const statement = this.#now();
    return arePlain(values) ? statement.iterate(...values) : statement.iterate(named(values));
  }

  run(...values: SqlValue[]): { readonly changes: number | bigint };
  run(named: SqlNamed): { readonly changes: number | bigint };
  run(...values: SqlInput[]): { readonly changes: number | bigint } {
    const statement = this.#now();
    return this.#database.reportFull(() =>
      arePlain(values) ? statement.run(...values) : statement.run(named(values)),
    );
  }

  #now(): StatementSync {
    this.#database.checkFile(this.#kind);
    this.#compiled = this.#database.compiled(this.#sql, this.#compiled);
    return this.#compiled.statement;
  }
}

function kindOf(sql: string): Kind {
  const word = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
  if (['SELECT', 'PRAGMA', 'ROLLBACK'].includes(word)) return 'reads';
  return word === 'COMMIT' ? 'commits' : 'writes';
}

function arePlain(values: readonly SqlInput[]): values is readonly SqlValue[] {
  const [first] = values;
  return first === undefined || first === null || typeof first !== 'object' || first instanceof Uint8Array;
}

function named(values: readonly SqlInput[]): SqlNamed {
  const [first] = values;
  return typeof first === 'object' && first !== null && !(first instanceof Uint8Array) ? { ...first } : {};
}
