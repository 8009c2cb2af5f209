import type { DatabaseSync } from 'node:sqlite';
import { readableRows } from '#kit/readable-rows.ts';
import { isIntact } from './stored-message.ts';

/** Rows of one transaction. */
const GROUP = 1000;

type Row = Readonly<Record<string, unknown>>;

/**
 * Copies every row that can still be read, and is as it was written, from a damaged database into a new one of the
 * same layout. Returns their number. Errors of the damaged database are skipped; errors of the new one are thrown.
 */
export function recoverRows(damaged: DatabaseSync, fresh: DatabaseSync): number {
  const insert = fresh.prepare('INSERT OR IGNORE INTO spool VALUES (?, ?, ?, ?, ?, ?, ?)');
  let recovered = 0;
  fresh.exec('BEGIN IMMEDIATE');
  let inGroup = 0;
  for (const { slot, number, lane, rank, head, body, checksum } of readable(damaged)) {
    const bytes = body instanceof Uint8Array ? body : null;
    if (typeof slot !== 'number' || typeof head !== 'string') continue;
    if (!isIntact(head, bytes, Number(checksum))) continue;
    const [laneOrNull, rankOrNull] = [typeof lane === 'string' ? lane : null, typeof rank === 'number' ? rank : null];
    const { changes } = insert.run(slot, Number(number), laneOrNull, rankOrNull, head, bytes, Number(checksum));
    recovered += Number(changes);
    if ((inGroup += 1) % GROUP === 0) fresh.exec('COMMIT; BEGIN IMMEDIATE');
  }
  fresh.exec('COMMIT');
  return recovered;
}

/** Reads the table alone: an index may be damaged. */
function readable(database: DatabaseSync): Generator<Row> {
  const behind = 'FROM spool NOT INDEXED WHERE slot > ? ORDER BY slot';
  return readableRows<Row>({
    from: (past) => database.prepare(`SELECT * ${behind}`).iterate(past),
    reach: (past) => void database.prepare(`SELECT slot ${behind} LIMIT 1`).get(past),
    numberOf: ({ slot }) => Number(slot),
  });
}
