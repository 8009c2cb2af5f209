import type { Database, Statement } from '#contract/database.ts';
import type { DiscardReason, LetterBounds } from '#contract/dead-letter.ts';
import { SluiceError } from '#contract/errors.ts';
import { AGED_FROM } from './layout.ts';
import { numberOf } from './row.ts';
import type { DeadLetterStats } from './stats.ts';

/** Letters that are on their way back are nobody's to throw away. */
const FREE = "NOT EXISTS (SELECT 1 FROM replays WHERE letter = number AND state IN ('requested', 'issued'))";
/** Removed in one transaction: others want to write as well. */
const SWEEP = 500;

export const COUNT_DISCARDS = `INSERT INTO discards (route, reason, total) VALUES (?, ?, ?)
  ON CONFLICT (route, reason) DO UPDATE SET total = total + excluded.total`;

/** Letters of a route that were removed without having gone through. */
export interface GoneLetters {
  readonly reason: DiscardReason;
  readonly letters: number;
}

interface Bound {
  readonly bounds: LetterBounds;
  readonly onGone: (gone: GoneLetters) => void;
  /** Letters that wait for their commit. */
  comingLetters: number;
  comingBytes: number;
  isSweeping: boolean;
}

/** Keeps each route's letters within their bounds (invariant 4): refuses new ones, or removes old ones and says so. */
export class DeadLetterQuota {
  readonly #standings: DeadLetterStats;
  readonly #bounds = new Map<string, Bound>();
  readonly #gone = new Map<string, Record<DiscardReason, number>>();
  /** Of the transaction that is under way. */
  #given: { route: string; reason: DiscardReason; letters: number }[] = [];
  readonly #removeOldest: Statement;
  readonly #removeAged: Statement;
  readonly #oldest: Statement;
  readonly #count: Statement;

  constructor(database: Database, standings: DeadLetterStats) {
    this.#standings = standings;
    const removing = (which: string): Statement =>
      database.prepare(`DELETE FROM dead_letters WHERE number IN (SELECT number FROM dead_letters WHERE ${which})
        RETURNING bytes`);
    this.#removeOldest = removing(`route = ? AND number <> ? AND ${FREE} ORDER BY died_at_ms, number LIMIT 1`);
    this.#removeAged = removing(`route = ? AND ${AGED_FROM} < ? AND ${FREE} ORDER BY ${AGED_FROM} LIMIT ${SWEEP}`);
    this.#oldest = database.prepare(`SELECT min(${AGED_FROM}) AS at FROM dead_letters WHERE route = ?`);
    this.#count = database.prepare(COUNT_DISCARDS);
  }

  bound(route: string, bounds: LetterBounds, onGone: Bound['onGone']): void {
    this.#bounds.set(route, { bounds, onGone, comingLetters: 0, comingBytes: 0, isSweeping: false });
  }

  /** Those that are bounded. */
  get routes(): readonly string[] {
    return [...this.#bounds.keys()];
  }

  /** Asks for room for one more letter; what is returned gives it back. Throws LETTERS_FULL. */
  enter(route: string, bytes: number): () => void {
    const bound = this.#bounds.get(route);
    if (bound === undefined) return () => {};
    const { bounds } = bound;
    const held = this.#standings.of(route);
    const letters = held.letters + bound.comingLetters;
    const kept = held.bytes + bound.comingBytes;
    const isFull = letters + 1 > bounds.max || (letters > 0 && kept + bytes > bounds.bytes);
    if (isFull && bounds.full === 'pause') throw full(route, bounds, letters, kept);
    bound.comingLetters += 1;
    bound.comingBytes += bytes;
    return () => {
      bound.comingLetters -= 1;
      bound.comingBytes -= bytes;
    };
  }

  /** Within a transaction, after the letter `added` was: lets the oldest of the others go until all fit. Throws LETTERS_FULL. */
  make(route: string, added: number): void {
    const bounds = this.#bounds.get(route)?.bounds;
    if (bounds?.full !== 'oldest') return;
    for (;;) {
      const { letters, bytes } = this.#standings.of(route);
      // One alone may be larger than the bound: it could never be written otherwise.
      if (letters <= bounds.max && (bytes <= bounds.bytes || letters <= 1)) return;
      const removed = this.#removeOldest.all(route, added);
      if (removed.length === 0) throw full(route, bounds, letters, bytes);
      this.#let(route, 'oldest', removed);
    }
  }

  /** Removes what is past its age, by the store's own clock. */
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
        this.#standings.of(route);
        this.#let(route, 'age', this.#removeAged.all(route, beforeMs));
      }).then(end, end);
    }
  }

  /** The transaction is committed. */
  keep(): void {
    for (const { route, reason, letters } of this.#given.splice(0)) {
      const gone = this.#gone.get(route) ?? { oldest: 0, age: 0, operator: 0 };
      gone[reason] += letters;
      this.#gone.set(route, gone);
    }
  }

  /** The transaction is undone. */
  undo(): void {
    this.#given = [];
  }

  /** Tells what gave way since the last time: one line for many. */
  report(): void {
    for (const [route, gone] of this.#gone) {
      for (const reason of ['oldest', 'age'] as const) {
        if (gone[reason] > 0) this.#bounds.get(route)?.onGone({ reason, letters: gone[reason] });
      }
    }
    this.#gone.clear();
  }

  #let(route: string, reason: DiscardReason, removed: readonly Record<string, unknown>[]): void {
    if (removed.length === 0) return;
    const bytes = removed.reduce((sum, row) => sum + (numberOf(row['bytes']) ?? 0), 0);
    this.#standings.removed(route, removed.length, bytes);
    this.#count.run(route, reason, removed.length);
    this.#given.push({ route, reason, letters: removed.length });
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
