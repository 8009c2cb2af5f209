import type { Database, Statement } from '#contract/database.ts';
import type { ProcessedId } from '#contract/processed-ids.ts';

/** A stored id, and when it was added, in milliseconds since 1970 (UTC). */
export interface StoredId extends ProcessedId {
  readonly atMs: number;
}

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
  readonly #trim: Statement;
  readonly #most: number;
  #sinceTrim = 0;

  /** Makes the table if need be. `most`: rows that are kept; at most a quarter more is on the disk. */
  constructor(database: Database, owner: string, most: number) {
    const table = tableOf(database, owner);
    this.#most = most;
    this.#select = database.prepare(`SELECT id, lane, sequence, at_ms FROM ${table} ORDER BY number DESC LIMIT ?`);
    this.#insert = database.prepare(`INSERT INTO ${table} (id, lane, sequence, at_ms) VALUES (?, ?, ?, ?)`);
    this.#trim = database.prepare(`DELETE FROM ${table} WHERE number <= (SELECT max(number) FROM ${table}) - ?`);
  }

  /** The newest rows within the bound, the oldest of them first. */
  rows(): readonly StoredId[] {
    return this.#select.all(this.#most).toReversed().map(storedIdOf);
  }

  /** To be called within a transaction. */
  write({ id, lane, sequence, atMs }: StoredId): void {
    this.#insert.run(id, lane ?? null, sequence ?? null, atMs);
    this.#sinceTrim += 1;
    if (this.#sinceTrim < this.#most / 4) return;
    this.#sinceTrim = 0;
    this.#trim.run(this.#most);
  }
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
