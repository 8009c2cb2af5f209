import type { Database, Statement } from '#contract/database.ts';
import type { DiscardReason, LetterBounds } from '#contract/dead-letter.ts';
import { SluiceError } from '#contract/errors.ts';
import { AGED_FROM } from './layout.ts';
import { numberOf } from './row.ts';
import type { DeadLetterStats } from './stats.ts';

/** A letter in replay must not be removed. */
const FREE = "NOT EXISTS (SELECT 1 FROM replays WHERE letter = number AND state IN ('requested', 'issued'))";
/** The most letters removed in one transaction, for which other writers wait. */
const SWEEP = 500;

export const COUNT_DISCARDS = `INSERT INTO discards (route, reason, total) VALUES (?, ?, ?)
  ON CONFLICT (route, reason) DO UPDATE SET total = total + excluded.total`;

/** Letters of a route that were removed without a successful replay. */
export interface DiscardedLetters {
  readonly reason: DiscardReason;
  readonly letters: number;
}

interface Bound {
  readonly bounds: LetterBounds;
  readonly onDiscarded: (gone: DiscardedLetters) => void;
  /** Letters that wait for their commit. */
  pendingLetters: number;
  pendingBytes: number;
  isSweeping: boolean;
}

/** Keeps each route's letters within their bounds (invariant 4): refuses new ones, or removes old ones and reports it. */
export class DeadLetterQuota {
  readonly #stats: DeadLetterStats;
  readonly #bounds = new Map<string, Bound>();
  readonly #discarded = new Map<string, Record<DiscardReason, number>>();
  /** Of the open transaction. */
  #pending: { route: string; reason: DiscardReason; letters: number }[] = [];
  readonly #removeOldest: Statement;
  readonly #removeAged: Statement;
  readonly #oldest: Statement;
  readonly #count: Statement;

  constructor(database: Database, stats: DeadLetterStats) {
    this.#stats = stats;
    const removing = (which: string): Statement =>
      database.prepare(`DELETE FROM dead_letters WHERE number IN (SELECT number FROM dead_letters WHERE ${which})
        RETURNING bytes`);
    this.#removeOldest = removing(`route = ? AND number <> ? AND ${FREE} ORDER BY died_at_ms, number LIMIT 1`);
    this.#removeAged = removing(`route = ? AND ${AGED_FROM} < ? AND ${FREE} ORDER BY ${AGED_FROM} LIMIT ${SWEEP}`);
    this.#oldest = database.prepare(`SELECT min(${AGED_FROM}) AS at FROM dead_letters WHERE route = ?`);
    this.#count = database.prepare(COUNT_DISCARDS);
  }

  bound(route: string, bounds: LetterBounds, onDiscarded: Bound['onDiscarded']): void {
    this.#bounds.set(route, { bounds, onDiscarded, pendingLetters: 0, pendingBytes: 0, isSweeping: false });
  }

  /** Bounded routes. */
  get routes(): readonly string[] {
    return [...this.#bounds.keys()];
  }

  /** Reserves room for one more letter; the function returned releases it. Throws LETTERS_FULL. */
  reserve(route: string, bytes: number): () => void {
    const bound = this.#bounds.get(route);
    if (bound === undefined) return () => {};
    const { bounds } = bound;
    const held = this.#stats.of(route);
    const letters = held.letters + bound.pendingLetters;
    const kept = held.bytes + bound.pendingBytes;
    const isFull = letters + 1 > bounds.max || (letters > 0 && kept + bytes > bounds.bytes);
    if (isFull && bounds.full === 'pause') throw full(route, bounds, letters, kept);
    bound.pendingLetters += 1;
    bound.pendingBytes += bytes;
    return () => {
      bound.pendingLetters -= 1;
      bound.pendingBytes -= bytes;
    };
  }

  /** Called within a transaction, after the insertion of `added`: removes the oldest of the others until all fit. Throws LETTERS_FULL. */
  makeRoom(route: string, added: number): void {
    const bounds = this.#bounds.get(route)?.bounds;
    if (bounds?.full !== 'oldest') return;
    for (;;) {
      const { letters, bytes } = this.#stats.of(route);
      // A single letter may be larger than the bound: otherwise it could never be written.
      if (letters <= bounds.max && (bytes <= bounds.bytes || letters <= 1)) return;
      const removed = this.#removeOldest.all(route, added);
      if (removed.length === 0) throw full(route, bounds, letters, bytes);
      this.#countRemoved(route, 'oldest', removed);
    }
  }

  /** Removes letters past their age, by the store's own clock. */
  sweep(nowMs: number, add: (write: () => void) => Promise<void>): void {
    for (const [route, bound] of this.#bounds) {
      const beforeMs = nowMs - bound.bounds.ageMs;
      const oldestAtMs = numberOf(this.#oldest.get(route)?.['at']);
      if (bound.isSweeping || oldestAtMs === undefined || oldestAtMs >= beforeMs) continue;
      bound.isSweeping = true;
      const end = (): void => {
        bound.isSweeping = false;
      };
      add(() => {
        this.#stats.of(route);
        this.#countRemoved(route, 'age', this.#removeAged.all(route, beforeMs));
      }).then(end, end);
    }
  }

  /** The transaction is committed. */
  committed(): void {
    for (const { route, reason, letters } of this.#pending.splice(0)) {
      const gone = this.#discarded.get(route) ?? { oldest: 0, age: 0, operator: 0 };
      gone[reason] += letters;
      this.#discarded.set(route, gone);
    }
  }

  /** The transaction is rolled back. */
  rolledBack(): void {
    this.#pending = [];
  }

  /** Reports the letters removed since the last call, together. */
  report(): void {
    for (const [route, gone] of this.#discarded) {
      for (const reason of ['oldest', 'age'] as const) {
        if (gone[reason] > 0) this.#bounds.get(route)?.onDiscarded({ reason, letters: gone[reason] });
      }
    }
    this.#discarded.clear();
  }

  #countRemoved(route: string, reason: DiscardReason, removed: readonly Record<string, unknown>[]): void {
    if (removed.length === 0) return;
    const bytes = removed.reduce((sum, row) => sum + (numberOf(row['bytes']) ?? 0), 0);
    this.#stats.removed(route, removed.length, bytes);
    this.#count.run(route, reason, removed.length);
    this.#pending.push({ route, reason, letters: removed.length });
  }
}

function full(route: string, bounds: LetterBounds, letters: number, bytes: number): SluiceError {
  const [found, bound] =
    letters + 1 > bounds.max
      ? [`${letters} letters`, `max: ${bounds.max}`]
      : [`${letters} letters of ${bytes} bytes in all`, `bytes: ${bounds.bytes}B`];
  return new SluiceError(
    'LETTERS_FULL',
    `expected room for one more dead letter of route ${route}, found ${found} at the bound ${bound}`,
  );
}
