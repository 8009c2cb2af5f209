import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '#contract/database.ts';
import type { ProcessedIds, ProcessedId } from '#contract/processed-ids.ts';
import { Deque } from '#kit/deque.ts';
import { GroupCommit } from './group-commit.ts';
import { type StateFiles, stateFilesIn, openStateFile } from './open-state-file.ts';
import { monotonicNowMs } from './monotonic-clock.ts';
import { stateError } from './state-error.ts';

export interface ProcessedIdBounds {
  /** Entries; beyond it the oldest is removed. */
  readonly most: number;
  /** How long an entry is valid; undefined: until `most` removes it. */
  readonly windowMs: number | undefined;
}

/** The processed ids of a pipeline's routes. */
export interface ProcessedIdStore {
  /** `owner`: names the route, the same at every start. Throws STATE_UNUSABLE. */
  processedIds(owner: string, bounds: ProcessedIdBounds): ProcessedIds;
  close(): void;
}

const ID_FILE = {
  name: 'ledger.sqlite',
  // `SLLG`
  mark: 0x534c_4c47,
  rows: /^entries_/,
  prepare(database: DatabaseSync): void {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('CREATE TABLE IF NOT EXISTS owners (number INTEGER PRIMARY KEY, owner TEXT NOT NULL UNIQUE) STRICT');
  },
};

/**
 * A table for each owner, in the order of insertion: appended at one end and trimmed at the other, without an index, which
 * would cost more than everything else.
 */
function tableOf(database: Database, owner: string): string {
  database.prepare('INSERT OR IGNORE INTO owners (owner) VALUES (?)').run(owner);
  const number = database.prepare('SELECT number FROM owners WHERE owner = ?').get(owner)?.['number'];
  const table = `entries_${Number(number)}`;
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (
       number INTEGER PRIMARY KEY, id TEXT NOT NULL, lane TEXT, sequence REAL, at_ms INTEGER NOT NULL) STRICT`,
  );
  return table;
}

/** Opens the store in a state folder that this process holds. Throws STATE_UNUSABLE. */
export function openProcessedIdStore(
  folder: string | StateFiles,
  nowMs: () => number = monotonicNowMs,
): ProcessedIdStore {
  const files = typeof folder === 'string' ? stateFilesIn(folder) : folder;
  const file = join(files.path, ID_FILE.name);
  const withStateError = <T>(act: () => T): T => {
    try {
      return act();
    } catch (thrown) {
      throw stateError(`use ${file}`, thrown);
    }
  };
  const open: StoredIds[] = [];
  const { database } = openStateFile(ID_FILE, files);
  return {
    processedIds(owner, bounds) {
      const processedIds = withStateError(() => new StoredIds(database, { owner, bounds, nowMs }));
      open.push(processedIds);
      return processedIds;
    },
    close() {
      for (const processedIds of open) processedIds.flush();
      database.close();
    },
  };
}

/** An id, and when it was added. */
interface Entry {
  readonly id: string;
  readonly atMs: number;
}

interface StoredIdsSettings {
  readonly owner: string;
  readonly bounds: ProcessedIdBounds;
  readonly nowMs: () => number;
}

/** On the disk for the next start, in memory for lookups. */
class StoredIds implements ProcessedIds {
  readonly #settings: StoredIdsSettings;
  readonly #known = new Map<string, Entry>();
  /** Oldest first. Iterating a Map from its start passes over all deleted entries. */
  readonly #order = new Deque<Entry>();
  readonly #sequences = new Map<string, number>();
  readonly #group: GroupCommit<ProcessedId>;
  #sinceTrim = 0;

  constructor(database: Database, settings: StoredIdsSettings) {
    this.#settings = settings;
    const { owner, bounds, nowMs } = settings;
    const table = tableOf(database, owner);
    const select = database.prepare(`SELECT id, lane, sequence, at_ms FROM ${table} ORDER BY number DESC LIMIT ?`);
    const startMs = nowMs();
    for (const row of select.all(bounds.most).toReversed()) {
      // The clock may have been ahead: such an entry would outlive its window, and stand before others in the order.
      this.#insert(String(row['id']), Math.min(startMs, Number(row['at_ms'])));
      const { lane, sequence } = row;
      if (typeof lane === 'string' && typeof sequence === 'number') this.#raiseSequence(lane, sequence);
    }
    const insert = database.prepare(`INSERT INTO ${table} (id, lane, sequence, at_ms) VALUES (?, ?, ?, ?)`);
    const trim = database.prepare(`DELETE FROM ${table} WHERE number <= (SELECT max(number) FROM ${table}) - ?`);
    this.#group = new GroupCommit(database, (entries) => {
      const atMs = nowMs();
      for (const { id, lane, sequence } of entries) insert.run(id, lane ?? null, sequence ?? null, atMs);
      this.#sinceTrim += entries.length;
      // At most a quarter beyond the bound is on the disk.
      if (this.#sinceTrim < bounds.most / 4) return;
      this.#sinceTrim = 0;
      trim.run(bounds.most);
    });
  }

  addedAtMs(id: string): number | undefined {
    const known = this.#known.get(id);
    if (known === undefined) return undefined;
    const { bounds, nowMs } = this.#settings;
    const isWithin = bounds.windowMs === undefined || nowMs() - known.atMs <= bounds.windowMs;
    return isWithin ? known.atMs : undefined;
  }

  add(entry: ProcessedId): Promise<void> {
    this.#insert(entry.id, this.#settings.nowMs());
    this.#removeExpired();
    return this.#group.add(entry).catch((thrown: unknown) => {
      throw stateError('write ledger.sqlite', thrown);
    });
  }

  sequences(): ReadonlyMap<string, number> {
    return this.#sequences;
  }

  flush(): void {
    this.#group.flush();
  }

  #insert(id: string, atMs: number): void {
    const known = { id, atMs };
    this.#known.set(id, known);
    this.#order.push(known);
  }

  #raiseSequence(lane: string, sequence: number): void {
    this.#sequences.set(lane, Math.max(sequence, this.#sequences.get(lane) ?? sequence));
  }

  #removeExpired(): void {
    const { bounds, nowMs } = this.#settings;
    const since = bounds.windowMs === undefined ? Number.NEGATIVE_INFINITY : nowMs() - bounds.windowMs;
    for (let first = this.#order.at(0); first !== undefined; first = this.#order.at(0)) {
      if (this.#order.size <= bounds.most && first.atMs >= since) return;
      this.#order.shift();
      // Unless the id was added again since.
      if (this.#known.get(first.id) === first) this.#known.delete(first.id);
    }
  }
}
