import type { Delivery } from '#contract/delivery.ts';
import type { ProcessedIds, ProcessedId } from '#contract/processed-ids.ts';
import { KnownIds } from './known-ids.ts';
import { monotonicNowMs } from './monotonic-clock.ts';
import { dropTable, ProcessedIdTable, ROWS_TOGETHER, type StoredId } from './processed-id-table.ts';
import { type StateDatabase, usingState } from './state-database.ts';
import { stateError } from './state-error.ts';

export interface ProcessedIdBounds {
  /** Entries; beyond it the oldest is removed. */
  readonly most: number;
  /** How long an entry is valid, in milliseconds; undefined: until `most` removes it. */
  readonly windowMs: number | undefined;
}

/** The processed ids of a pipeline's route in `state.sqlite`. `owner`: names the route, the same at every start. Throws STATE_UNUSABLE. */
export function processedIdsIn(
  state: StateDatabase,
  owner: string,
  bounds: ProcessedIdBounds,
  nowMs: () => number = monotonicNowMs,
): ProcessedIds {
  let last: { readonly durable: Promise<void>; readonly named: Promise<void> } | undefined;
  const save = (write: () => void): Promise<void> => {
    const durable = state.commits.add(write, ROWS_TOGETHER);
    // One for all writes of a transaction, as the commits have it.
    if (last?.durable === durable) return last.named;
    const named = durable.catch((thrown: unknown) => {
      throw stateError(`write ${state.file}`, thrown);
    });
    last = { durable, named };
    return named;
  };
  return usingState(state, () => {
    const table = new ProcessedIdTable(state.database, owner, bounds.most);
    return new StoredIds(table, { bounds, nowMs, save, isTogether: true });
  });
}

/** See PipelineState.moveIds. A kill between the two files leaves the ids in both: `take` is then called again. */
export function moveIdsOut(
  state: StateDatabase,
  owner: string,
  most: number,
  take: (ids: readonly StoredId[]) => void,
): void {
  const { database } = state;
  const isKnown = usingState(state, () => database.prepare('SELECT 1 FROM owners WHERE owner = ?').get(owner));
  if (isKnown === undefined) return;
  take(usingState(state, () => new ProcessedIdTable(database, owner, most).rows()));
  usingState(state, () => dropTable(database, owner));
}

export interface StoredIdsSettings {
  readonly bounds: ProcessedIdBounds;
  /** In milliseconds since 1970 (UTC). */
  readonly nowMs: () => number;
  /** Runs `write` within a transaction, perhaps again after one that failed. Resolves once it is durable. */
  readonly save: (write: () => void, delivery: Delivery | undefined) => Promise<void>;
  /** Whether one `write` may write several ids: `save` does not look at the delivery. */
  readonly isTogether: boolean;
}

/** On the disk for the next start, in memory for lookups. */
export class StoredIds implements ProcessedIds {
  readonly #settings: StoredIdsSettings;
  readonly #table: ProcessedIdTable;
  readonly #known = new KnownIds();
  readonly #sequences = new Map<string, number>();
  /** Rows whose transaction has not begun. */
  #together: { readonly rows: StoredId[]; readonly durable: Promise<void> } | undefined;

  constructor(table: ProcessedIdTable, settings: StoredIdsSettings) {
    this.#table = table;
    this.#settings = settings;
    const startMs = settings.nowMs();
    for (const { id, lane, sequence, atMs } of table.rows()) {
      // The clock may have been ahead: such an entry would outlive its window, and stand before others in the order.
      this.#known.add(id, Math.min(startMs, atMs));
      if (lane !== undefined && sequence !== undefined) this.#raiseSequence(lane, sequence);
    }
  }

  addedAtMs(id: string): number | undefined {
    const atMs = this.#known.addedAt(id);
    if (atMs === undefined) return undefined;
    const { bounds, nowMs } = this.#settings;
    const isWithin = bounds.windowMs === undefined || nowMs() - atMs <= bounds.windowMs;
    return isWithin ? atMs : undefined;
  }

  add(entry: ProcessedId, delivery?: Delivery): Promise<void> {
    const { nowMs, save, isTogether } = this.#settings;
    const { id, lane, sequence } = entry;
    const row = { id, lane, sequence, atMs: nowMs() };
    this.#known.add(id, row.atMs);
    this.#removeExpired();
    return isTogether ? this.#saveTogether(row) : save(() => this.#table.write(row), delivery);
  }

  sequences(): ReadonlyMap<string, number> {
    return this.#sequences;
  }

  #saveTogether(row: StoredId): Promise<void> {
    const before = this.#together;
    if (before !== undefined && before.rows.length < ROWS_TOGETHER) {
      before.rows.push(row);
      return before.durable;
    }
    const rows = [row];
    // A full transaction is written within `save`.
    let isClosed = false;
    const close = (): void => {
      isClosed = true;
      if (this.#together?.rows === rows) this.#together = undefined;
    };
    const durable = this.#settings.save(() => {
      close();
      this.#table.writeTogether(rows);
    }, undefined);
    if (!isClosed) this.#together = { rows, durable };
    // A transaction that never began has written none of them.
    durable.catch(close);
    return durable;
  }

  #raiseSequence(lane: string, sequence: number): void {
    this.#sequences.set(lane, Math.max(sequence, this.#sequences.get(lane) ?? sequence));
  }

  #removeExpired(): void {
    const { bounds, nowMs } = this.#settings;
    const since = bounds.windowMs === undefined ? Number.NEGATIVE_INFINITY : nowMs() - bounds.windowMs;
    for (let atMs = this.#known.oldestAt; atMs !== undefined; atMs = this.#known.oldestAt) {
      if (this.#known.size <= bounds.most && atMs >= since) return;
      this.#known.removeOldest();
    }
  }
}
