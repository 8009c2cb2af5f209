import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Database } from '#contract/database.ts';
import type { ProcessedIds, ProcessedId } from '#contract/processed-ids.ts';
import { Deque } from '#kit/deque.ts';
import { GroupCommit } from './group-commit.ts';
import { type FolderOfFiles, folderOf, openSoundFile } from './sound-file.ts';
import { steadyNowMs } from './steady-clock.ts';
import { unusable } from './unusable.ts';

export interface ProcessedIdBounds {
  /** Entries; beyond it the oldest is forgotten. */
  readonly most: number;
  /** How long an entry is remembered; undefined: until it is pushed out. */
  readonly windowMs: number | undefined;
}

/** The ledgers of a pipeline's routes. */
export interface ProcessedIdStore {
  /** `owner`: whose it is, the same at every start. Throws STATE_UNUSABLE. */
  processedIds(owner: string, bounds: ProcessedIdBounds): ProcessedIds;
  close(): void;
}

const LEDGER_FILE = {
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
 * A table for each owner, in the order of adding: appended at one end and trimmed at the other, without an index, which
 * would cost more than all else.
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
  folder: string | FolderOfFiles,
  nowMs: () => number = steadyNowMs,
): ProcessedIdStore {
  const files = typeof folder === 'string' ? folderOf(folder) : folder;
  const file = join(files.path, LEDGER_FILE.name);
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (thrown) {
      throw unusable(`use ${file}`, thrown);
    }
  };
  const open: StoredIds[] = [];
  const { database } = openSoundFile(LEDGER_FILE, files);
  return {
    processedIds(owner, bounds) {
      const processedIds = guarded(() => new StoredIds(database, { owner, bounds, nowMs }));
      open.push(processedIds);
      return processedIds;
    },
    close() {
      for (const processedIds of open) processedIds.flush();
      database.close();
    },
  };
}

/** When an id was added. */
interface Known {
  readonly id: string;
  readonly atMs: number;
}

interface Owned {
  readonly owner: string;
  readonly bounds: ProcessedIdBounds;
  readonly nowMs: () => number;
}

/** On the disk for the next start, in memory for every question in between. */
class StoredIds implements ProcessedIds {
  readonly #owned: Owned;
  readonly #known = new Map<string, Known>();
  /** Oldest first. A Map's own order would be searched through all that has left it. */
  readonly #order = new Deque<Known>();
  readonly #sequences = new Map<string, number>();
  readonly #group: GroupCommit<ProcessedId>;
  #sinceTrim = 0;

  constructor(database: Database, owned: Owned) {
    this.#owned = owned;
    const { owner, bounds, nowMs } = owned;
    const table = tableOf(database, owner);
    const select = database.prepare(`SELECT id, lane, sequence, at_ms FROM ${table} ORDER BY number DESC LIMIT ?`);
    const startMs = nowMs();
    for (const row of select.all(bounds.most).toReversed()) {
      // By a clock that was ahead meanwhile: it would be known for longer than its window, and keep others out.
      this.#know(String(row['id']), Math.min(startMs, Number(row['at_ms'])));
      const { lane, sequence } = row;
      if (typeof lane === 'string' && typeof sequence === 'number') this.#raise(lane, sequence);
    }
    const insert = database.prepare(`INSERT INTO ${table} (id, lane, sequence, at_ms) VALUES (?, ?, ?, ?)`);
    const trim = database.prepare(`DELETE FROM ${table} WHERE number <= (SELECT max(number) FROM ${table}) - ?`);
    this.#group = new GroupCommit(database, (entries) => {
      const atMs = nowMs();
      for (const { id, lane, sequence } of entries) insert.run(id, lane ?? null, sequence ?? null, atMs);
      this.#sinceTrim += entries.length;
      // A quarter beyond the bound lies on the disk at most.
      if (this.#sinceTrim < bounds.most / 4) return;
      this.#sinceTrim = 0;
      trim.run(bounds.most);
    });
  }

  addedAtMs(id: string): number | undefined {
    const known = this.#known.get(id);
    if (known === undefined) return undefined;
    const { bounds, nowMs } = this.#owned;
    const isWithin = bounds.windowMs === undefined || nowMs() - known.atMs <= bounds.windowMs;
    return isWithin ? known.atMs : undefined;
  }

  add(entry: ProcessedId): Promise<void> {
    this.#know(entry.id, this.#owned.nowMs());
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

  #know(id: string, atMs: number): void {
    const known = { id, atMs };
    this.#known.set(id, known);
    this.#order.push(known);
  }

  #raise(lane: string, sequence: number): void {
    this.#sequences.set(lane, Math.max(sequence, this.#sequences.get(lane) ?? sequence));
  }

  #forget(): void {
    const { bounds, nowMs } = this.#owned;
    const since = bounds.windowMs === undefined ? Number.NEGATIVE_INFINITY : nowMs() - bounds.windowMs;
    for (let first = this.#order.at(0); first !== undefined; first = this.#order.at(0)) {
      if (this.#order.size <= bounds.most && first.atMs >= since) return;
      this.#order.shift();
      // Unless it was added anew since.
      if (this.#known.get(first.id) === first) this.#known.delete(first.id);
    }
  }
}
