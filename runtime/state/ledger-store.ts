import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Ledger, LedgerEntry } from '#contract/ledger.ts';
import { GroupCommit } from './group-commit.ts';
import { openDatabase } from './sqlite.ts';
import { unusable } from './unusable.ts';

export interface LedgerBounds {
  /** Entries; beyond it the oldest is forgotten. */
  readonly most: number;
  /** How long an entry is remembered; undefined: until it is pushed out. */
  readonly windowMs: number | undefined;
}

/** The ledgers of a pipeline's routes. */
export interface LedgerStore {
  /** `owner`: whose it is, the same at every start. Throws STATE_UNUSABLE. */
  ledger(owner: string, bounds: LedgerBounds): Ledger;
  close(): void;
}

const TABLE = `
CREATE TABLE IF NOT EXISTS entries (
  number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, id TEXT NOT NULL,
  lane TEXT, sequence REAL, at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS by_owner ON entries (owner, number)`;

const INSERT = 'INSERT INTO entries (owner, id, lane, sequence, at_ms) VALUES (?, ?, ?, ?, ?)';
const SELECT = 'SELECT id, lane, sequence, at_ms FROM entries WHERE owner = ? ORDER BY number DESC LIMIT ?';
const TRIM = `
DELETE FROM entries WHERE owner = :owner AND (at_ms < :since OR number <=
  (SELECT number FROM entries WHERE owner = :owner ORDER BY number DESC LIMIT 1 OFFSET :most))`;

/** Opens the store in a state folder that this process holds. Throws STATE_UNUSABLE. */
export function openLedgerStore(folder: string, nowMs: () => number = Date.now): LedgerStore {
  const file = join(folder, 'ledger.sqlite');
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (thrown) {
      throw unusable(`use ${file}`, thrown);
    }
  };
  const open: StoredLedger[] = [];
  const database = guarded(() => {
    const opened = openDatabase(file);
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    opened.exec(TABLE);
    return opened;
  });
  return {
    ledger(owner, bounds) {
      const ledger = guarded(() => new StoredLedger(database, { owner, bounds, nowMs }));
      open.push(ledger);
      return ledger;
    },
    close() {
      for (const ledger of open) ledger.flush();
      database.close();
    },
  };
}

interface Owned {
  readonly owner: string;
  readonly bounds: LedgerBounds;
  readonly nowMs: () => number;
}

/** On the disk for the next start, in memory for every question in between. */
class StoredLedger implements Ledger {
  readonly #owned: Owned;
  /** Id to when it was added; a Map's order is that of adding. */
  readonly #known = new Map<string, number>();
  readonly #sequences = new Map<string, number>();
  readonly #group: GroupCommit<LedgerEntry>;
  #sinceTrim = 0;

  constructor(database: DatabaseSync, owned: Owned) {
    this.#owned = owned;
    const { owner, bounds, nowMs } = owned;
    for (const row of database.prepare(SELECT).all(owner, bounds.most).toReversed()) {
      this.#known.set(String(row['id']), Number(row['at_ms']));
      const { lane, sequence } = row;
      if (typeof lane === 'string' && typeof sequence === 'number') this.#raise(lane, sequence);
    }
    const insert = database.prepare(INSERT);
    const trim = database.prepare(TRIM);
    this.#group = new GroupCommit(database, (entries) => {
      for (const { id, lane, sequence } of entries) insert.run(owner, id, lane ?? null, sequence ?? null, nowMs());
      this.#sinceTrim += entries.length;
      // Trimming costs a search: a quarter beyond the bound lies on the disk at most.
      if (this.#sinceTrim < bounds.most / 4) return;
      this.#sinceTrim = 0;
      trim.run({ owner, most: bounds.most, since: nowMs() - (bounds.windowMs ?? nowMs()) });
    });
  }

  has(id: string): boolean {
    const atMs = this.#known.get(id);
    if (atMs === undefined) return false;
    const { bounds, nowMs } = this.#owned;
    return bounds.windowMs === undefined || nowMs() - atMs <= bounds.windowMs;
  }

  add(entry: LedgerEntry): Promise<void> {
    this.#known.delete(entry.id);
    this.#known.set(entry.id, this.#owned.nowMs());
    this.#forget();
    return this.#group.add(entry).catch((thrown: unknown) => {
      throw unusable('write ledger.sqlite', thrown);
    });
  }

  sequences(): ReadonlyMap<string, number> {
    return this.#sequences;
  }

  flush(): void {
    this.#group.flush();
  }

  #raise(lane: string, sequence: number): void {
    this.#sequences.set(lane, Math.max(sequence, this.#sequences.get(lane) ?? sequence));
  }

  #forget(): void {
    const { bounds, nowMs } = this.#owned;
    const since = bounds.windowMs === undefined ? Number.NEGATIVE_INFINITY : nowMs() - bounds.windowMs;
    for (const [id, atMs] of this.#known) {
      if (this.#known.size <= bounds.most && atMs >= since) return;
      this.#known.delete(id);
    }
  }
}
