import type { DatabaseSync } from 'node:sqlite';
import { readableRows } from '#kit/readable-rows.ts';
import { isWhole } from './stored-message.ts';

/** Rows of one transaction. */
const GROUP = 1000;

type Row = Readonly<Record<string, unknown>>;

/**
 * Copies every row that can still be read, and is as it was written, from a damaged database into a new one of the
 * same layout. Returns how many. What is damaged makes it never throw; what the new one complains of does.
 */
export function salvage(damaged: DatabaseSync, fresh: DatabaseSync): number {
  const insert = fresh.prepare('INSERT OR IGNORE INTO spool VALUES (?, ?, ?, ?, ?, ?, ?)');
  let saved = 0;
  fresh.exec('BEGIN IMMEDIATE');
  let inGroup = 0;
  for (const { slot, number, lane, rank, head, body, checksum } of readable(damaged)) {
    const bytes = body instanceof Uint8Array ? body : null;
    if (typeof slot !== 'number' || typeof head !== 'string') continue;
    if (!isWhole(head, bytes, Number(checksum))) continue;
    const [itsLane, itsRank] = [typeof lane === 'string' ? lane : null, typeof rank === 'number' ? rank : null];
    const { changes } = insert.run(slot, Number(number), itsLane, itsRank, head, bytes, Number(checksum));
    saved += Number(changes);
    if ((inGroup += 1) % GROUP === 0) fresh.exec('COMMIT; BEGIN IMMEDIATE');
  }
  fresh.exec('COMMIT');
  return saved;
}

/** By the table alone: an index may be what is damaged. */
function readable(database: DatabaseSync): Generator<Row> {
  const behind = 'FROM spool NOT INDEXED WHERE slot > ? ORDER BY slot';
  return readableRows<Row>({
    from: (past) => database.prepare(`SELECT * ${behind}`).iterate(past),
    reach: (past) => void database.prepare(`SELECT slot ${behind} LIMIT 1`).get(past),
    numberOf: ({ slot }) => Number(slot),
  });
}
