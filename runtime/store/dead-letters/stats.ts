import type { Database, Statement } from '#contract/database.ts';
import type { LetterCounts } from '#contract/dead-letter.ts';
import { numberOf } from './row.ts';

interface Count {
  letters: number;
  bytes: number;
  oldestAtMs: number | undefined;
}

/** Counts of each route's letters, cached so that no letter needs a query. */
export class DeadLetterStats {
  readonly #count: Statement;
  readonly #oldest: Statement;
  readonly #discards: Statement;
  readonly #routes = new Map<string, Count>();

  constructor(database: Database) {
    this.#count = database.prepare(
      'SELECT count(*) AS letters, coalesce(sum(bytes), 0) AS bytes, min(died_at_ms) AS oldest FROM dead_letters WHERE route = ?',
    );
    this.#oldest = database.prepare('SELECT min(died_at_ms) AS oldest FROM dead_letters WHERE route = ?');
    this.#discards = database.prepare('SELECT reason, total FROM discards WHERE route = ?');
  }

  of(route: string): Readonly<Count> {
    return this.#routes.get(route) ?? this.#load(route);
  }

  full(route: string): LetterCounts {
    const discarded = { oldest: 0, age: 0, operator: 0 };
    for (const { reason, total } of this.#discards.all(route)) {
      if (reason === 'oldest' || reason === 'age' || reason === 'operator') discarded[reason] = numberOf(total) ?? 0;
    }
    return { ...this.of(route), discarded };
  }

  added(route: string, bytes: number, atMs: number): void {
    const count = this.#routes.get(route) ?? this.#load(route);
    count.letters += 1;
    count.bytes += bytes;
    count.oldestAtMs = Math.min(count.oldestAtMs ?? atMs, atMs);
  }

  removed(route: string, letters: number, bytes: number): void {
    const count = this.#routes.get(route) ?? this.#load(route);
    count.letters -= letters;
    count.bytes -= bytes;
    this.refreshOldest(route);
  }

  /** The oldest letter may have changed. */
  refreshOldest(route: string): void {
    const count = this.#routes.get(route) ?? this.#load(route);
    count.oldestAtMs = numberOf(this.#oldest.get(route)?.['oldest']);
  }

  /** Another process has written, or this process's writes were rolled back. */
  forget(): void {
    this.#routes.clear();
  }

  #load(route: string): Count {
    const row = this.#count.get(route);
    const count = {
      letters: numberOf(row?.['letters']) ?? 0,
      bytes: numberOf(row?.['bytes']) ?? 0,
      oldestAtMs: numberOf(row?.['oldest']),
    };
    this.#routes.set(route, count);
    return count;
  }
}
