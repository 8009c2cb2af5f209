import type { Demand } from '#contract/source.ts';
import type { Retention, Statements } from './statements.ts';
import { messageIn, type StoredMessage } from './stored-message.ts';
import { UnreadRanges } from './unread-ranges.ts';

/** A row that was read and is not deleted yet. */
export interface SpoolRow {
  readonly number: number;
  readonly message: StoredMessage;
  /** Whether an earlier process may have read it already. */
  readonly mayBeRepeat: boolean;
}

/** Rows of one read. */
const READ_ROWS = 256;
/**
 * Of the rows that a start finds, the first so many may have been read before: no window is larger, together with the rows
 * that were settled and not deleted.
 */
const MAX_REPEATS = 140_000;

/** Reads the rows in the order of the traffic class: the oldest first, or the newest first. */
export class RowReader {
  readonly #next: Statements['next'];
  readonly #retention: Retention;
  /** The last row that an earlier process left. */
  readonly #lastFound: number;
  readonly #unread = new UnreadRanges();
  /** Rows that were read. Filled only where a newer message can replace a row. */
  readonly #read = new Set<number>();
  #repeatsLeft = MAX_REPEATS;
  #cursor = 0;

  constructor(next: Statements['next'], retention: Retention, lastFound: number) {
    this.#next = next;
    this.#retention = retention;
    this.#lastFound = lastFound;
  }

  /** The next rows up to `last` within `demand`; empty when all were read. Throws STATE_UNUSABLE. */
  next(last: number, demand: Demand): readonly SpoolRow[] {
    return this.#retention === 'all' ? this.#oldest(last, demand) : this.#newest(last, demand);
  }

  /** Whether the row was read. Never true where no row can be replaced. */
  hasRead(number: number): boolean {
    return this.#read.has(number);
  }

  /** The row is deleted. */
  forget(number: number): void {
    this.#read.delete(number);
  }

  #oldest(last: number, demand: Demand): readonly SpoolRow[] {
    const rows = this.#rows(this.#cursor, last, demand);
    this.#cursor = rows.at(-1)?.number ?? this.#cursor;
    return rows;
  }

  #newest(last: number, demand: Demand): readonly SpoolRow[] {
    for (let range = this.#unread.newest(last); range !== undefined; range = this.#unread.newest(last)) {
      const rows = this.#rows(range.above, range.upTo, demand);
      this.#unread.readDownTo(rows.at(-1)?.number ?? 0);
      for (const { number } of rows) this.#read.add(number);
      if (rows.length > 0) return rows;
    }
    return [];
  }

  #rows(above: number, upTo: number, demand: Demand): readonly SpoolRow[] {
    const taken: SpoolRow[] = [];
    if (above >= upTo) return taken;
    let bytes = 0;
    const most = Math.min(demand.messages, READ_ROWS);
    // Rows that were read are skipped. The limit includes them, so that they alone never look like the end.
    for (const row of this.#next.iterate(above, upTo, most + this.#read.size)) {
      const number = Number(row['name']);
      if (this.#read.has(number)) continue;
      const message = messageIn(row);
      bytes += message.frame.body?.length ?? 0;
      if (taken.length > 0 && (bytes > demand.bytes || taken.length === most)) break;
      taken.push({ number, message, mayBeRepeat: this.#mayBeRepeat(number) });
    }
    return taken;
  }

  #mayBeRepeat(number: number): boolean {
    if (number > this.#lastFound || this.#repeatsLeft === 0) return false;
    // With the newest first, the progress of an earlier process is unknown: every row that it left may be a repeat.
    if (this.#retention === 'all') this.#repeatsLeft -= 1;
    return true;
  }
}
