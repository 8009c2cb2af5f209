import type { DatabaseSync } from 'node:sqlite';
import { isWhole } from './kept.ts';

/** Rows of one transaction. */
const GROUP = 1000;
/** Leaps double: more of them than this would leave the numbers there are. */
const MAX_LEAPS = 50;
/** Damaged places that are stepped over, before the rest is given up. */
const MAX_DAMAGES = 10_000;

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

/** Rows in their order, up to each damaged place, and from behind it on. */
function* readable(database: DatabaseSync): Generator<Row> {
  let past = 0;
  for (let damages = 0; damages < MAX_DAMAGES; damages += 1) {
    let hasEnded = true;
    const rows = from(database, past);
    for (;;) {
      const next = attempt(() => rows?.next());
      if (next === undefined) hasEnded = false;
      if (next === undefined || next.done === true) break;
      past = Number(next.value['slot']);
      yield next.value;
    }
    if (hasEnded) return;
    const leap = leapFrom(database, past);
    if (leap === undefined) return;
    past += leap;
  }
}

/** By the table alone: an index may be what is damaged. */
function from(database: DatabaseSync, past: number): NodeJS.Iterator<Row> | undefined {
  return attempt(() => database.prepare('SELECT * FROM spool NOT INDEXED WHERE slot > ? ORDER BY slot').iterate(past));
}

/** The shortest way over the damaged place behind `past`; undefined where nothing behind it can be read. */
function leapFrom(database: DatabaseSync, past: number): number | undefined {
  const query = attempt(() =>
    database.prepare('SELECT slot FROM spool NOT INDEXED WHERE slot > ? ORDER BY slot LIMIT 1'),
  );
  if (query === undefined) return undefined;
  const lands = (leap: number): boolean => attempt(() => ({ row: query.get(past + leap) })) !== undefined;
  let far = 1;
  for (let leaps = 0; !lands(far); leaps += 1) {
    if (leaps === MAX_LEAPS) return undefined;
    far *= 2;
  }
  let near = Math.floor(far / 2);
  while (far - near > 1) {
    const middle = Math.floor((near + far) / 2);
    if (lands(middle)) far = middle;
    else near = middle;
  }
  return far;
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
