import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Database, SqlNamed, SqlRow, SqlValue, Statement } from '#contract/database.ts';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { syncFile, syncFolder } from './sync-files.ts';
import { isOnDevice, makePrivate, SIDES } from './private-file.ts';
import { isFullDisk } from './state-error.ts';

export interface WatchSettings {
  /** Opens a file as this one is to be opened. Throws what the database says. */
  readonly open: (path: string) => DatabaseSync;
  /** A file that was gone is there again, with all that the process held of it. */
  readonly onRewritten?: (path: string) => void;
  /** The disk has no room: what is tried next may find some. */
  readonly onFull?: () => void;
}

/** What a name stands for, the same as long as it is the same file. */
interface Identity {
  readonly device: bigint;
  readonly inode: bigint;
}

/** Of what lies beside the file, these live as long as it is open. */
const LIVING = ['', ...SIDES.filter((side) => side !== '-journal')];

/**
 * A database that knows whether its file is still there. What is written into a file that was deleted is gone with the
 * process, and neither SQLite nor the disk complains: so no transaction begins or is committed before the names were
 * found to stand for the files that were opened. A file that is gone is written anew from the open one, and statements
 * go on with that. Where it cannot be, or another file lies in its place, writing throws STATE_GONE; reading goes on.
 */
export class WatchedDatabase implements Database {
  readonly #path: string;
  readonly #settings: WatchSettings;
  readonly #known = new Map<string, Identity>();
  #database: DatabaseSync;
  /** How often the database was opened: statements of an earlier one are compiled anew. */
  #opened = 1;
  #isClosed = false;

  /** Throws what the database says. */
  constructor(path: string, settings: WatchSettings) {
    this.#path = path;
    this.#settings = settings;
    this.#database = settings.open(path);
    this.#know();
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  get isTransaction(): boolean {
    return this.#database.isTransaction;
  }

  exec(sql: string): void {
    this.before(kindOf(sql));
    this.heard(() => this.#database.exec(sql));
  }

  prepare(sql: string): Statement {
    return new WatchedStatement(this, sql);
  }

  close(): void {
    this.#isClosed = true;
    this.#database.close();
  }

  /** Throws STATE_GONE where what such a statement writes would not be kept. A transaction is rolled back before. */
  before(kind: Kind): void {
    if (kind === 'reads') return;
    if (!this.#database.isOpen) this.#openAgain();
    if (!this.#database.isTransaction) this.#mend(this.#missing());
    else if (kind === 'commits') this.#found();
  }

  /** Throws what `act` throws. */
  heard<T>(act: () => T): T {
    try {
      return act();
    } catch (thrown) {
      if (isFullDisk(thrown)) this.#settings.onFull?.();
      throw thrown;
    }
  }

  /** The statement of the database as it is open now. */
  compiled(sql: string, known: Compiled | undefined): Compiled {
    if (known?.opened === this.#opened) return known;
    return { opened: this.#opened, statement: this.#database.prepare(sql) };
  }

  /** What of the file is not there any more; undefined where everything is. Throws STATE_GONE where that cannot be mended. */
  #missing(): string | undefined {
    let missing: string | undefined;
    for (const side of LIVING) {
      const known = this.#known.get(side);
      const found = this.#look(side);
      if (known === undefined) {
        // What lies beside the file is made with the first write.
        if (found !== undefined) this.#known.set(side, found);
      } else if (found === undefined) missing ??= `no file ${this.#path}${side}`;
      else if (found.inode !== known.inode || found.device !== known.device) {
        const other = `another file in the place of ${this.#path}${side}`;
        if (side === '') throw this.#gone(other);
        missing ??= other;
      }
    }
    return missing;
  }

  #found(): void {
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

  #mend(missing: string | undefined): void {
    if (missing === undefined) return;
    try {
      this.#rewrite();
    } catch (thrown) {
      if (thrown instanceof SluiceError) throw thrown;
      throw this.#gone(`${missing}, and it cannot be written anew: ${messageOf(thrown)}`);
    }
    this.#settings.onRewritten?.(this.#path);
  }

  /** At each moment the open database or a file that is whole has everything. */
  #rewrite(): void {
    const folder = dirname(this.#path);
    const device = this.#known.get('')?.device;
    // The disk itself may be away, and its folder's place be on another one.
    if (!isOnDevice(folder, device)) throw new Error('the disk is another one');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.#path}.anew`;
    rmSync(fresh, { force: true });
    makePrivate(fresh);
    this.#database.exec(`VACUUM INTO '${fresh.replaceAll("'", "''")}'`);
    syncFile(fresh);
    renameSync(fresh, this.#path);
    syncFolder(folder);
    // Closing takes away what lies beside the name, so it comes before the new one is opened.
    this.#database.close();
    for (const side of SIDES) rmSync(this.#path + side, { force: true });
    this.#openAgain();
  }

  #openAgain(): void {
    if (this.#isClosed) throw new Error('database is not open');
    this.#database = this.#settings.open(this.#path);
    this.#opened += 1;
    this.#known.clear();
    this.#know();
  }

  #know(): void {
    for (const side of LIVING) {
      const found = this.#look(side);
      if (found !== undefined) this.#known.set(side, found);
    }
  }

  #look(side: string): Identity | undefined {
    try {
      const found = statSync(this.#path + side, { bigint: true, throwIfNoEntry: false });
      return found && { device: found.dev, inode: found.ino };
    } catch (thrown) {
      throw this.#gone(messageOf(thrown));
    }
  }

  #gone(found: string): SluiceError {
    return new SluiceError('STATE_GONE', `expected ${this.#path} as it was opened, found ${found}`);
  }
}

type SqlInput = SqlValue | SqlNamed;

/** A statement that changes nothing, one that ends a transaction, or any other. */
type Kind = 'reads' | 'commits' | 'writes';

interface Compiled {
  readonly opened: number;
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
    return this.#database.heard(() => (arePlain(values) ? statement.run(...values) : statement.run(named(values))));
  }

  #now(): StatementSync {
    this.#database.before(this.#kind);
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
