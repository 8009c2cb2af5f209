import type { Database, Statement } from '#contract/database.ts';

/** `all`: a row is identified by its slot. `newest`: by a number that changes when the row is replaced. */
export type Retention = 'all' | 'newest';

/** The statements of a spool, compiled once. */
export interface Statements {
  readonly begin: Statement;
  readonly commit: Statement;
  readonly rollback: Statement;
  readonly insert: Statement;
  readonly ofLane: Statement;
  readonly replace: Statement;
  /** A run of numbers, both ends included. */
  readonly remove: Statement;
  /** Above one number, up to another, at most so many. */
  readonly next: Statement;
  readonly oldest: Statement;
  readonly summary: Statement;
  readonly pages: Statement;
  readonly freePages: Statement;
  readonly vacuum: Statement;
  readonly shortenLog: Statement;
}

const COLUMNS = 'head, body, checksum';

export function statements(database: Database, keeps: Retention, vacuumPages: number): Statements {
  const name = keeps === 'all' ? 'slot' : 'number';
  const direction = keeps === 'all' ? 'ASC' : 'DESC';
  const prepare = (sql: string): Statement => database.prepare(sql);
  return {
    begin: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    rollback: prepare('ROLLBACK'),
    insert: prepare(`INSERT INTO spool (slot, number, lane, rank, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`),
    ofLane: prepare('SELECT slot, number, rank FROM spool WHERE lane = ?'),
    replace: prepare('UPDATE spool SET number = ?, rank = ?, head = ?, body = ?, checksum = ? WHERE slot = ?'),
    remove: prepare(`DELETE FROM spool WHERE ${name} BETWEEN ? AND ?`),
    next: prepare(
      `SELECT ${name} AS name, ${COLUMNS} FROM spool WHERE ${name} > ? AND ${name} <= ? ORDER BY ${name} ${direction} LIMIT ?`,
    ),
    oldest: prepare(`SELECT ${COLUMNS} FROM spool ORDER BY ${name} LIMIT 1`),
    summary: prepare('SELECT count(*) AS total, max(slot) AS slot, max(number) AS number FROM spool'),
    pages: prepare('PRAGMA page_count'),
    freePages: prepare('PRAGMA freelist_count'),
    shortenLog: prepare('PRAGMA wal_checkpoint(TRUNCATE)'),
    vacuum: prepare(`PRAGMA incremental_vacuum(${vacuumPages})`),
  };
}
