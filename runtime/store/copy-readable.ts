import type { DatabaseSync } from 'node:sqlite';
import { readableRows } from '#kit/readable-rows.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import { openDatabase } from './sqlite.ts';
import { readTruncated } from './truncated-file.ts';

/** Rows of one transaction. */
const GROUP = 1000;
/** Tables that are made with their first use, so that a new file may lack them. */
const ID_TABLE = /^(?:owners|entries_\d+)$/;

type Row = Readonly<Record<string, unknown>>;

/**
 * Copies the readable rows of a damaged database file into a new one: those of the tables of the new file, and of tables
 * whose definition the damaged file still has. Returns the number of rows in the tables that match `counted`. Errors of the
 * damaged file are skipped; errors of the new one are thrown.
 */
export function copyReadable(file: string, fresh: DatabaseSync, counted: RegExp): number {
  return readTruncated(file, () => {
    let damaged: DatabaseSync | undefined;
    try {
      damaged = openDatabase(file, { readOnly: true });
      return copyAll(damaged, fresh, counted);
    } catch (thrown) {
      if (damaged === undefined) return 0;
      throw thrown;
    } finally {
      damaged?.close();
    }
  });
}

/** Copies the readable processed ids of a damaged database file, with the tables that hold them. Throws errors of the new one. */
export function copyIds(damaged: DatabaseSync, fresh: DatabaseSync): void {
  for (const sql of furtherTables(damaged, fresh)) attempt(() => fresh.exec(sql));
  for (const table of tablesOf(fresh)) if (ID_TABLE.test(table)) copyTable(table, damaged, fresh);
}

function copyAll(damaged: DatabaseSync, fresh: DatabaseSync, counted: RegExp): number {
  for (const sql of furtherTables(damaged, fresh)) attempt(() => fresh.exec(sql));
  let copied = 0;
  for (const table of tablesOf(fresh)) {
    const rows = copyTable(table, damaged, fresh);
    if (counted.test(table)) copied += rows;
  }
  return copied;
}

function copyTable(table: string, damaged: DatabaseSync, fresh: DatabaseSync): number {
  const shared = columnsOf(fresh, table);
  const found = attempt(() => columnsOf(damaged, table)) ?? [];
  const columns = shared.filter((name) => found.includes(name));
  if (columns.length === 0) return 0;
  const rest = `FROM ${table} NOT INDEXED WHERE rowid > ? ORDER BY rowid`;
  const rows = readableRows<Row>({
    from: (past) => damaged.prepare(`SELECT rowid AS place, ${columns.join(', ')} ${rest}`).iterate(past),
    reach: (past) => void damaged.prepare(`SELECT rowid ${rest} LIMIT 1`).get(past),
    numberOf: ({ place }) => Number(place),
  });
  const marks = columns.map(() => '?').join(', ');
  const insert = fresh.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${marks})`);
  let copied = 0;
  let inGroup = 0;
  fresh.exec('BEGIN IMMEDIATE');
  for (const row of rows) {
    // A value of a type that its column does not take was damaged.
    copied += inserted(() => insert.run(...columns.map((name) => valueOf(row[name]))).changes);
    if ((inGroup += 1) % GROUP === 0) fresh.exec('COMMIT; BEGIN IMMEDIATE');
  }
  fresh.exec('COMMIT');
  return copied;
}

/** 0 for a row that its table does not take. Throws any other error of the new file, such as a full disk. */
function inserted(insert: () => number | bigint): number {
  try {
    return Number(insert());
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === CODES.constraint || code === CODES.mismatch) return 0;
    throw thrown;
  }
}

function valueOf(value: unknown): string | number | bigint | Uint8Array | null {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value;
  return value instanceof Uint8Array ? value : null;
}

function furtherTables(damaged: DatabaseSync, fresh: DatabaseSync): readonly string[] {
  const known = new Set(tablesOf(fresh));
  const rows = attempt(() => damaged.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").all()) ?? [];
  return rows.flatMap(({ name, sql }) =>
    typeof sql === 'string' && typeof name === 'string' && !known.has(name) && ID_TABLE.test(name) ? [sql] : [],
  );
}

function tablesOf(database: DatabaseSync): readonly string[] {
  const sql = String.raw`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`;
  return database
    .prepare(sql)
    .all()
    .map(({ name }) => String(name));
}

/** The stored columns: a generated one cannot be written. */
function columnsOf(database: DatabaseSync, table: string): readonly string[] {
  return database
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .map(({ name }) => String(name));
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
