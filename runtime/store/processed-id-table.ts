import type { Database, Statement } from '#contract/database.ts';
import type { ProcessedId } from '#contract/processed-ids.ts';

/** A stored id, and when it was added, in milliseconds since 1970 (UTC). */
export interface StoredId extends ProcessedId {
  readonly atMs: number;
}

/** Rows that one statement inserts: each call of the database costs as much as the rows. */
export const ROWS_TOGETHER = 32;
/** The most rows that are deleted at once: a larger deletion would hold the process. */
const TRIMMED_ROWS = 1024;
/** Of a row beyond its texts and its sequence: its header, number and time, and its place in the page. */
const ROW_BYTES = 18;
/** Of a sequence that is a time or a large count. */
const SEQUENCE_BYTES = 6;

/** The table that numbers the owners of id tables. */
export const OWNERS_TABLE =
  'CREATE TABLE IF NOT EXISTS owners (number INTEGER PRIMARY KEY, owner TEXT NOT NULL UNIQUE) STRICT;';

/**
 * The rows of one owner, in a table of their own in the order of insertion: appended at one end and trimmed at the other,
 * without an index, which would cost more than everything else. Each call throws the database's error.
 */
export class ProcessedIdTable {
  readonly #select: Statement;
  readonly #insert: Statement;
  readonly #insertTogether: Statement;
  readonly #trim: Statement;
  readonly #length: Statement;
  readonly #most: number;
  #sinceTrim = 0;
  /** What is on the disk, about; undefined after a transaction that failed. */
  #size: { rows: number; length: number } | undefined;

  /** Makes the table if need be. `most`: rows that are kept; a few more may be on the disk. */
  constructor(database: Database, owner: string, most: number) {
    const table = tableOf(database, owner);
    this.#most = most;
    this.#select = database.prepare(`SELECT id, lane, sequence, at_ms FROM ${table} ORDER BY number DESC LIMIT ?`);
    this.#length = database.prepare(
      `SELECT count(*) AS rows, count(sequence) * ${SEQUENCE_BYTES}
         + coalesce(sum(length(id) + coalesce(length(lane), 0)), 0) AS length FROM ${table}`,
    );
    const insert = `INSERT INTO ${table} (id, lane, sequence, at_ms) VALUES `;
    this.#insert = database.prepare(`${insert}(?, ?, ?, ?)`);
    this.#insertTogether = database.prepare(
      insert + Array.from({ length: ROWS_TOGETHER }, () => '(?, ?, ?, ?)').join(),
    );
    this.#trim = database.prepare(`DELETE FROM ${table} WHERE number <= (SELECT max(number) FROM ${table}) - ?`);
  }

  /** The newest rows within the bound, the oldest of them first. */
  rows(): readonly StoredId[] {
    return this.#select.all(this.#most).toReversed().map(storedIdOf);
  }

  /** To be called within a transaction. */
  write(row: StoredId): void {
    this.#insert.run(...valuesOf(row));
    this.#wrote([row]);
  }

  /** To be called within a transaction. At most ROWS_TOGETHER rows. */
  writeTogether(rows: readonly StoredId[]): void {
    if (rows.length === ROWS_TOGETHER) this.#insertTogether.run(...rows.flatMap(valuesOf));
    else for (const row of rows) this.#insert.run(...valuesOf(row));
    this.#wrote(rows);
  }

  #wrote(rows: readonly StoredId[]): void {
    if (this.#size !== undefined) {
      this.#size.rows += rows.length;
      for (const row of rows) this.#size.length += lengthOf(row);
    }
    this.#sinceTrim += rows.length;
    if (this.#sinceTrim < Math.min(this.#most / 4, TRIMMED_ROWS)) return;
    this.#sinceTrim = 0;
    this.#trim.run(this.#most);
    if (this.#size === undefined || this.#size.rows <= this.#most) return;
    this.#size = { rows: this.#most, length: (this.#size.length * this.#most) / this.#size.rows };
  }

  /** A transaction with rows of it has failed. */
  rolledBack(): void {
    this.#size = undefined;
  }

  /** About how many bytes of the file its rows take. */
  bytes(): number {
    if (this.#size === undefined) {
      const found = this.#length.get();
      this.#size = { rows: Number(found?.['rows']), length: Number(found?.['length']) };
    }
    return this.#size.length + this.#size.rows * ROW_BYTES;
  }
}

function valuesOf({ id, lane, sequence, atMs }: StoredId): [string, string | null, number | null, number] {
  return [id, lane ?? null, sequence ?? null, Math.floor(atMs)];
}

function lengthOf({ id, lane, sequence }: StoredId): number {
  return id.length + (lane?.length ?? 0) + (sequence === undefined ? 0 : SEQUENCE_BYTES);
}

function storedIdOf(row: Readonly<Record<string, unknown>>): StoredId {
  const { lane, sequence } = row;
  return {
    id: String(row['id']),
    lane: typeof lane === 'string' ? lane : undefined,
    sequence: typeof sequence === 'number' ? sequence : undefined,
    atMs: Number(row['at_ms']),
  };
}

/** The name of the owner's table in the main database, which is made if need be. Throws the database's error. */
export function tableOf(database: Database, owner: string): string {
  database.prepare('INSERT OR IGNORE INTO main.owners (owner) VALUES (?)').run(owner);
  const number = database.prepare('SELECT number FROM main.owners WHERE owner = ?').get(owner)?.['number'];
  const table = `entries_${Number(number)}`;
  database.exec(
    `CREATE TABLE IF NOT EXISTS main.${table} (
       number INTEGER PRIMARY KEY, id TEXT NOT NULL, lane TEXT, sequence REAL, at_ms INTEGER NOT NULL) STRICT`,
  );
  return table;
}

/** Forgets an owner and its rows, in a transaction of its own. Throws the database's error. */
export function dropTable(database: Database, owner: string): void {
  const table = tableOf(database, owner);
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(`DROP TABLE main.${table}`);
    database.prepare('DELETE FROM main.owners WHERE owner = ?').run(owner);
    database.exec('COMMIT');
  } catch (thrown) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw thrown;
  }
}
