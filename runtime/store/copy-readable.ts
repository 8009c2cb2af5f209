import { closeSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { readableRows } from '#kit/readable-rows.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import { openDatabase } from './sqlite.ts';

/** Rows of one transaction. */
const GROUP = 1000;

type Row = Readonly<Record<string, unknown>>;

/**
 * Copies the rows that can still be read from the tables of a damaged database file into a new one. Its tables are those of
 * the new one, and those that the damaged one can still tell of. Returns how many rows of the tables that are `counted`. What is damaged never makes it
 * throw; what the new one complains of does.
 */
export function copyReadable(file: string, fresh: DatabaseSync, counted: RegExp): number {
  const length = statSync(file).size;
  const wanted = lengthInHead(file);
  // A file that is shorter than its head says is not read at all: what is missing is made up by zeros meanwhile.
  if (wanted > length) truncateSync(file, wanted);
  let damaged: DatabaseSync | undefined;
  try {
    damaged = openDatabase(file, { readOnly: true });
    return copyAll(damaged, fresh, counted);
  } catch (thrown) {
    if (damaged === undefined) return 0;
    throw thrown;
  } finally {
    damaged?.close();
    if (wanted > length) truncateSync(file, length);
  }
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

/** 64 GiB, of a file with holes. */
const MOST_MISSING_BYTES = 2 ** 36;

/** https://www.sqlite.org/fileformat2.html, section 1.3: the size of a page at 16, their number at 28. */
function lengthInHead(file: string): number {
  const head = Buffer.alloc(32);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  if (!head.toString('latin1').startsWith('SQLite format 3')) return 0;
  const page = head.readUInt16BE(16) === 1 ? 65_536 : head.readUInt16BE(16);
  // A count that is itself damaged asks for any size.
  return Math.min(head.readUInt32BE(28) * page, MOST_MISSING_BYTES);
}

function copyTable(table: string, damaged: DatabaseSync, fresh: DatabaseSync): number {
  const shared = columnsOf(fresh, table);
  const found = attempt(() => columnsOf(damaged, table)) ?? [];
  const columns = shared.filter((name) => found.includes(name));
  if (columns.length === 0) return 0;
  const behind = `FROM ${table} NOT INDEXED WHERE rowid > ? ORDER BY rowid`;
  const rows = readableRows<Row>({
    from: (past) => damaged.prepare(`SELECT rowid AS place, ${columns.join(', ')} ${behind}`).iterate(past),
    reach: (past) => void damaged.prepare(`SELECT rowid ${behind} LIMIT 1`).get(past),
    numberOf: ({ place }) => Number(place),
  });
  const marks = columns.map(() => '?').join(', ');
  const insert = fresh.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${marks})`);
  let copied = 0;
  let inGroup = 0;
  fresh.exec('BEGIN IMMEDIATE');
  for (const row of rows) {
    // A value of another kind than its column takes was damaged.
    copied += inserted(() => insert.run(...columns.map((name) => valueOf(row[name]))).changes);
    if ((inGroup += 1) % GROUP === 0) fresh.exec('COMMIT; BEGIN IMMEDIATE');
  }
  fresh.exec('COMMIT');
  return copied;
}

/** 0 of a row that its table does not take. Throws what else the new file complains of: a disk that is full. */
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
    typeof sql === 'string' && typeof name === 'string' && !known.has(name) && /^entries_\d+$/.test(name) ? [sql] : [],
  );
}

function tablesOf(database: DatabaseSync): readonly string[] {
  const sql = String.raw`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`;
  return database
    .prepare(sql)
    .all()
    .map(({ name }) => String(name));
}

/** Those that are stored: a generated one cannot be written. */
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
